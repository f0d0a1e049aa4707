#include <cairn/cairn.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    cairn::Database database(argv[1]);
    cairn::Collection notes = database.collection("notes");
    if (database.collection_names().size() != 1) return 1;
    notes.search("");
  } catch (const cairn::Error& error) {
    std::printf("cairn %s from C++, where an empty query is: %s\n", cairn_version(), error.what());
    return error.code() == CAIRN_INVALID_ARGUMENT ? 0 : 1;
  }
  return 1;
}
