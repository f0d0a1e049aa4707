// Index a folder of notes and print what it has about a question.
//
//   c++ -std=c++17 search_folder.cpp $(pkg-config --cflags --libs cairn) -o search_folder
//   ./search_folder notes.cairn ~/notes "sourdough starter"
#include <cairn/cairn.hpp>

#include <iostream>

namespace {

void Print(const cairn::Results& results) {
  int rank = 0;
  for (const cairn::Result& hit : results) {
    std::cout << ++rank << ". " << hit.title << " (" << hit.path << ':' << hit.chunk_line
              << ", score " << hit.score << ")\n   " << hit.snippet << '\n';
  }
  if (results.has_more()) std::cout << results.total() - results.size() << " more\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: " << argv[0] << " <database> <folder> <query>\n";
    return 2;
  }
  try {
    cairn::Database db(argv[1]);
    cairn::Collection notes = db.collection("notes");
    cairn::IndexReport report = notes.index_folder(argv[2]);
    std::cout << report.added() << " new, " << report.changed() << " changed, " << report.deleted()
              << " deleted, " << report.unchanged() << " unchanged\n";
    Print(notes.search(argv[3]));
  } catch (const cairn::Error& e) {
    std::cerr << e.code_name() << ": " << e.what() << '\n';
    return 1;
  }
  return 0;
}
