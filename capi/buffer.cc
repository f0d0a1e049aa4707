#include <cairn/buffer.h>

#include "capi/handles.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)

const char* cairn_buffer_data(const cairn_buffer* buffer, size_t* size_out) noexcept {
  if (IsValid(buffer)) return Lend(buffer->text, size_out);
  LendNothing(size_out);
  return "";
}

void cairn_buffer_release(cairn_buffer* buffer) noexcept { Release(buffer); }

size_t cairn_list_size(const cairn_list* list) noexcept {
  return IsValid(list) ? list->items.size() : 0;
}

const char* cairn_list_item(const cairn_list* list, size_t index, size_t* size_out) noexcept {
  if (index >= cairn_list_size(list)) return LendNothing(size_out);
  return Lend(list->items[index], size_out);
}

void cairn_list_release(cairn_list* list) noexcept { Release(list); }
