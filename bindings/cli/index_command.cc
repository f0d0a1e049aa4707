#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "command.h"
#include "failure.h"
#include "handles.h"
#include "index_report.h"
#include "interrupt.h"
#include "locate.h"
#include "open.h"
#include "progress.h"

namespace cairn::cli {
namespace {

constexpr const char* kFooter =
    "Markdown (.md, .markdown) and text (.txt, .text) files are read. Dot folders, node_modules "
    "and\n"
    "what a .cairnignore file names are left out; symbolic links are not followed. Files that are\n"
    "gone are deleted from the collection. --embedder and --language count when the collection is\n"
    "made, and must agree with it afterwards.\n"
    "\n"
    "A file that cannot be indexed is named in the report and does not stop the run: the exit "
    "code\n"
    "is then still 0, and --json lists all of them under \"failed\". Ctrl-C stops in good order "
    "and\n"
    "keeps what is done.\n"
    "\n"
    "Examples:\n"
    "  cairn index ~/notes\n"
    "  cairn index ~/notes --language german --ignore 'drafts/' --ignore '*.bak.md'\n"
    "  cairn index ~/notes --db /var/lib/notes.db -c work --json";

struct IndexArguments {
  std::string folder;
  std::string embedder;
  std::string language;
  std::string durability = "sync";
  std::vector<std::string> ignore;
  uint64_t max_file_bytes = 0;
  uint32_t chunk_tokens = 0;
  bool force_root = false;
  bool allow_mass_delete = false;
};

void CheckFolder(const std::string& folder) {
  std::error_code error;
  const auto status = std::filesystem::status(folder, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Failure(CAIRN_NOT_FOUND, "there is no folder " + folder);
  }
  if (error) throw Failure(CAIRN_IO_ERROR, "cannot look at " + folder + ": " + error.message());
  if (status.type() != std::filesystem::file_type::directory) {
    throw Failure(CAIRN_INVALID_ARGUMENT, folder + " is not a folder: name the folder it is in");
  }
}

cairn_collection_options CollectionOptions(const IndexArguments& arguments) {
  cairn_collection_options options;
  cairn_collection_options_init(&options, sizeof options);
  if (arguments.embedder == "none") options.embedder = CAIRN_EMBEDDER_NONE;
  if (!arguments.language.empty()) {
    options.language = arguments.language.data();
    options.language_bytes = arguments.language.size();
  }
  return options;
}

/// "builtin" is the default value of the option, so that opening cannot tell it was asked for.
void CheckEmbedder(const cairn_collection* collection, const IndexArguments& arguments) {
  if (arguments.embedder != "builtin") return;
  cairn_collection_stats stats{};
  stats.struct_size = sizeof stats;
  ErrorSlot error;
  Check(cairn_collection_stats_get(collection, &stats, error.out()), error);
  if (stats.embedder == CAIRN_EMBEDDER_BUILTIN) return;
  throw Failure(CAIRN_FAILED_PRECONDITION,
                "the collection was made with another embedder than builtin; leave --embedder out, "
                "or use another collection (-c)");
}

Collection OpenOrCreate(cairn_database* database, const std::string& name,
                        const IndexArguments& arguments) {
  const cairn_collection_options options = CollectionOptions(arguments);
  ErrorSlot error;
  cairn_collection* raw = nullptr;
  cairn_status status =
      cairn_collection_open(database, name.data(), name.size(), &options, &raw, error.out());
  if (status == CAIRN_NOT_FOUND) {
    status =
        cairn_collection_create(database, name.data(), name.size(), &options, &raw, error.out());
  }
  Check(status, error);
  Collection collection(raw);
  CheckEmbedder(raw, arguments);
  return collection;
}

int32_t OnProgress(int32_t phase, uint64_t done, uint64_t total, const char* path,
                   size_t path_bytes, void* user_data) {
  auto* line = static_cast<ProgressLine*>(user_data);
  if (InterruptGuard::requested()) {
    line->Notice("Stopping (Ctrl-C again stops at once)");
    return 1;
  }
  line->Update(phase, done, total, std::string_view(path == nullptr ? "" : path, path_bytes));
  return 0;
}

/// Runs the indexer; CAIRN_OK or CAIRN_CANCELLED, with the report of what was done.
cairn_status IndexFolder(cairn_collection* collection, const IndexArguments& arguments,
                         ProgressLine* line, IndexReport* report) {
  std::vector<const char*> ignore;
  for (const std::string& pattern : arguments.ignore) ignore.push_back(pattern.c_str());
  cairn_index_options options;
  cairn_index_options_init(&options, sizeof options);
  options.force_root = arguments.force_root ? 1 : 0;
  options.allow_mass_delete = arguments.allow_mass_delete ? 1 : 0;
  options.chunk_max_tokens = arguments.chunk_tokens;
  options.max_file_bytes = arguments.max_file_bytes;
  options.ignore = ignore.data();
  options.ignore_count = ignore.size();
  options.progress_fn = OnProgress;
  options.progress_user_data = line;
  ErrorSlot error;
  cairn_index_report* raw = nullptr;
  const cairn_status status = cairn_index_folder(
      collection, arguments.folder.data(), arguments.folder.size(), &options, &raw, error.out());
  report->reset(raw);
  if (status != CAIRN_CANCELLED) Check(status, error);
  return status;
}

void PrintJsonReport(const cairn_index_report* report, Output* out) {
  ErrorSlot error;
  cairn_buffer* raw = nullptr;
  Check(cairn_index_report_json(report, &raw, error.out()), error);
  const Buffer json(raw);
  out->Line(cairn_buffer_data(raw, nullptr));
}

int RunIndex(const IndexArguments& arguments, const Globals& globals, Output* out) {
  CheckFolder(arguments.folder);
  const InterruptGuard guard;
  const int32_t durability =
      arguments.durability == "async" ? CAIRN_DURABILITY_ASYNC : CAIRN_DURABILITY_SYNC;
  const Database database =
      OpenForWriting(DatabaseFor(globals, arguments.folder), durability, false);
  const Collection collection = OpenOrCreate(database.get(), globals.collection, arguments);
  IndexReport report;
  cairn_status status = CAIRN_OK;
  {
    ProgressLine line(!globals.quiet);
    status = IndexFolder(collection.get(), arguments, &line, &report);
    Close(database.get());
  }
  if (globals.json && report != nullptr) PrintJsonReport(report.get(), out);
  if (status == CAIRN_CANCELLED) {
    PrintError("cairn: " + KeptSentence(report.get()) + "\n");
    return kExitInterrupted;
  }
  if (!globals.json) PrintIndexReport(globals, arguments.folder, report.get(), out);
  return kExitOk;
}

void AddOptions(CLI::App* command, IndexArguments* arguments) {
  command->add_option("FOLDER", arguments->folder, "The folder to index")
      ->required()
      ->type_name("");
  command->add_option("--embedder", arguments->embedder, "builtin (default) or none (text only)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"builtin", "none"}).description(""));
  command
      ->add_option("--language", arguments->language,
                   "Language whose word forms are folded (default: english), or none")
      ->type_name("NAME");
  command->add_flag("--force-root", arguments->force_root,
                    "Index another folder than the one the collection belongs to");
  command->add_flag("--allow-mass-delete", arguments->allow_mass_delete,
                    "Allow that more than half of the files are gone");
  command
      ->add_option("--max-file-bytes", arguments->max_file_bytes,
                   "Skip larger files; 500kB, 2MiB and the like are understood (default: 1MiB)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(true).description(""))
      ->check(CLI::PositiveNumber.description(""));
  command
      ->add_option("--ignore", arguments->ignore,
                   "Leave out what matches, as in .gitignore; may be repeated")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  command
      ->add_option("--chunk-tokens", arguments->chunk_tokens,
                   "Longest piece of a note that is embedded as one (default: 256)")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""));
  command
      ->add_option("--durability", arguments->durability,
                   "sync (default: survives power loss) or async (faster)")
      ->type_name("MODE")
      ->check(CLI::IsMember({"sync", "async"}).description(""));
}

}  // namespace

void AddIndexCommand(CLI::App* app, Action* action) {
  CLI::App* command =
      app->add_subcommand("index", "Index a folder of notes, or bring it up to date");
  command->footer(kFooter);
  const auto arguments = std::make_shared<IndexArguments>();
  AddOptions(command, arguments.get());
  command->callback([arguments, action] {
    *action = [arguments](const Globals& globals, Output* out) {
      return RunIndex(*arguments, globals, out);
    };
  });
}

}  // namespace cairn::cli
