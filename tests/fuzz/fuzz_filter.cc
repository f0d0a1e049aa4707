// Any text is a filter or an invalid argument.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "query/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto filter = cairn::query::Filter::Parse(text);
  if (!filter.ok() && filter.status().code() != cairn::Code::kInvalidArgument) std::abort();
  return 0;
}
