#include "analysis/fold_case.h"

#include <utf8proc.h>

#include <cstdlib>

namespace cairn::analysis {

std::string FoldCase(std::string_view text) {
  std::string ascii(text);
  bool is_ascii = true;
  for (char& c : ascii) {
    is_ascii = is_ascii && static_cast<unsigned char>(c) < 0x80;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (is_ascii) return ascii;
  utf8proc_uint8_t* folded = nullptr;
  utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &folded,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE |
                                                  UTF8PROC_COMPAT | UTF8PROC_CASEFOLD));
  if (size < 0) return ascii;
  std::string result(reinterpret_cast<const char*>(folded), static_cast<size_t>(size));
  std::free(folded);
  return result;
}

}  // namespace cairn::analysis
