#include "open.h"

#include "failure.h"
#include "locate.h"

namespace cairn::cli {
namespace {

Database Open(const std::string& path, const cairn_database_options& options) {
  ErrorSlot error;
  cairn_database* database = nullptr;
  Check(cairn_database_open(path.data(), path.size(), &options, &database, error.out()), error);
  return Database(database);
}

cairn_database_options DefaultOptions() {
  cairn_database_options options;
  cairn_database_options_init(&options, sizeof options);
  return options;
}

std::string ExistingCollections(const cairn_database* database) {
  std::string names;
  for (const std::string& name : CollectionNames(database)) {
    names += names.empty() ? name : ", " + name;
  }
  return names.empty() ? "it has none yet; make one with `cairn index FOLDER`" : "it has: " + names;
}

}  // namespace

Database OpenForReading(const Globals& globals) {
  cairn_database_options options = DefaultOptions();
  options.read_only = 1;
  return Open(FindDatabase(globals), options);
}

Database OpenForWriting(const std::string& path, int32_t durability, bool must_exist) {
  cairn_database_options options = DefaultOptions();
  options.durability = durability;
  options.must_exist = must_exist ? 1 : 0;
  return Open(path, options);
}

Collection OpenCollection(cairn_database* database, const std::string& name) {
  ErrorSlot error;
  cairn_collection* collection = nullptr;
  const cairn_status status =
      cairn_collection_open(database, name.data(), name.size(), nullptr, &collection, error.out());
  if (status == CAIRN_NOT_FOUND) {
    throw Failure(status, "no collection \"" + name + "\" in this database; " +
                              ExistingCollections(database));
  }
  Check(status, error);
  return Collection(collection);
}

std::vector<std::string> CollectionNames(const cairn_database* database) {
  ErrorSlot error;
  cairn_list* raw = nullptr;
  Check(cairn_collection_names(database, &raw, error.out()), error);
  const List list(raw);
  std::vector<std::string> names;
  for (size_t i = 0; i < cairn_list_size(raw); ++i) {
    size_t size = 0;
    const char* name = cairn_list_item(raw, i, &size);
    names.emplace_back(name, size);
  }
  return names;
}

void Close(cairn_database* database) {
  ErrorSlot error;
  Check(cairn_database_close(database, error.out()), error);
}

}  // namespace cairn::cli
