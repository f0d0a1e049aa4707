#include <cairn/cairn.h>

#include <cstdio>
#include <memory>

namespace {

template <typename T, void (*Release)(T*)>
struct Releaser {
  void operator()(T* handle) const { Release(handle); }
};

using Database = std::unique_ptr<cairn_database, Releaser<cairn_database, cairn_database_release>>;
using Names = std::unique_ptr<cairn_list, Releaser<cairn_list, cairn_list_release>>;
using Error = std::unique_ptr<cairn_error, Releaser<cairn_error, cairn_error_release>>;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  cairn_error* raw_error = nullptr;
  cairn_database* raw_database = nullptr;
  const cairn_status status =
      cairn_database_open(argv[1], CAIRN_NUL_TERMINATED, nullptr, &raw_database, &raw_error);
  const Database database(raw_database);
  const Error error(raw_error);
  if (status != CAIRN_OK) {
    std::fprintf(stderr, "open: %s\n", cairn_error_message(error.get()));
    return 1;
  }
  cairn_list* raw_names = nullptr;
  if (cairn_collection_names(database.get(), &raw_names, nullptr) != CAIRN_OK) return 1;
  const Names names(raw_names);
  std::printf("cairn %s from C++\n", cairn_version());
  return cairn_list_size(names.get()) == 0 ? 0 : 1;
}
