#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <optional>

#include "command.h"
#include "failure.h"
#include "filter.h"
#include "handles.h"
#include "open.h"
#include "search_text.h"

namespace cairn::cli {
namespace {

constexpr uint32_t kMaxLimit = 1000;
constexpr uint32_t kMaxOffset = 10000;

constexpr const char* kFooter =
    "The words of the query need no quotes; `--` ends the options, for words that begin with '-'.\n"
    "\n"
    "Modes: text ranks by words (BM25), vector by meaning, hybrid by both; auto is hybrid where "
    "the\n"
    "collection has vectors, else text. Conditions must all hold. A --filter is a JSON object of\n"
    "field: value pairs, where a field is tags, type, status or a property of the note, and a "
    "value\n"
    "may be {\"in\": [...]}. The tag \"a\" also finds \"a/b\". Notes with status inactive or "
    "hidden "
    "are\n"
    "left out unless --all is given.\n"
    "\n"
    "Examples:\n"
    "  cairn search how to revive a sourdough starter\n"
    "  cairn search --mode text -n 3 'bloom filter'\n"
    "  cairn search --tag databases --tag storage write amplification\n"
    "  cairn search --filter '{\"rating\": {\"in\": [4, 5]}}' --json novels\n"
    "  cairn search tomatoes --offset 10";

struct SearchArguments {
  std::vector<std::string> words;
  std::string mode = "auto";
  uint32_t limit = 10;
  uint32_t offset = 0;
  FilterFlags filter;
  bool all = false;
  bool no_snippet = false;
  std::optional<float> min_score;
};

std::string QueryOf(const std::vector<std::string>& words) {
  std::string query;
  for (const std::string& word : words) query += query.empty() ? word : " " + word;
  return query;
}

int32_t ModeOf(const std::string& name) {
  static const std::map<std::string, int32_t> kModes = {{"auto", CAIRN_MODE_AUTO},
                                                        {"text", CAIRN_MODE_TEXT},
                                                        {"vector", CAIRN_MODE_VECTOR},
                                                        {"hybrid", CAIRN_MODE_HYBRID}};
  return kModes.at(name);
}

Results Search(const cairn_collection* collection, const SearchArguments& arguments) {
  const std::string query = QueryOf(arguments.words);
  const std::string filter = FilterJson(arguments.filter);
  cairn_search_options options;
  cairn_search_options_init(&options, sizeof options);
  options.mode = ModeOf(arguments.mode);
  options.limit = arguments.limit;
  options.offset = arguments.offset;
  options.filter_json = filter.data();
  options.filter_json_bytes = filter.size();
  options.include_inactive = arguments.all ? 1 : 0;
  options.has_min_score = arguments.min_score.has_value() ? 1 : 0;
  options.min_score = arguments.min_score.value_or(0);
  options.snippet_none = arguments.no_snippet ? 1 : 0;
  ErrorSlot error;
  cairn_results* results = nullptr;
  Check(cairn_search(collection, query.data(), query.size(), &options, &results, error.out()),
        error);
  return Results(results);
}

int RunSearch(const SearchArguments& arguments, const Globals& globals, Output* out) {
  const Database database = OpenForReading(globals);
  const Collection collection = OpenCollection(database.get(), globals.collection);
  const Results results = Search(collection.get(), arguments);
  if (!globals.json) {
    PrintResults(globals, results.get(), arguments.offset + 1, out);
    return kExitOk;
  }
  ErrorSlot error;
  cairn_buffer* raw = nullptr;
  Check(cairn_results_json(results.get(), &raw, error.out()), error);
  const Buffer json(raw);
  out->Line(cairn_buffer_data(raw, nullptr));
  return kExitOk;
}

void AddConditions(CLI::App* command, SearchArguments* arguments) {
  command->add_option("--tag", arguments->filter.tags, "Only notes with this tag; may be repeated")
      ->type_name("TAG")
      ->allow_extra_args(false);
  command->add_option("--type", arguments->filter.type, "Only notes of this type")
      ->type_name("TYPE");
  command->add_option("--status", arguments->filter.status, "Only notes with this status")
      ->type_name("STATUS");
  command->add_option("--filter", arguments->filter.json, "Further conditions as a JSON object")
      ->type_name("JSON");
  command->add_flag("--all", arguments->all, "Also notes with status inactive or hidden");
  command->add_option("--min-score", arguments->min_score, "Only results with at least this score")
      ->type_name("SCORE");
}

void AddOptions(CLI::App* command, SearchArguments* arguments) {
  command->add_option("QUERY", arguments->words, "What to look for")->required()->type_name("");
  command->add_option("--mode", arguments->mode, "auto (default), text, vector or hybrid")
      ->type_name("MODE")
      ->check(CLI::IsMember({"auto", "text", "vector", "hybrid"}).description(""));
  command->add_option("-n,--limit", arguments->limit, "Most results, 1 to 1000 (default: 10)")
      ->type_name("N")
      ->check(CLI::Range(1u, kMaxLimit).description(""));
  command->add_option("--offset", arguments->offset, "Results to leave out first, to 10000")
      ->type_name("N")
      ->check(CLI::Range(0u, kMaxOffset).description(""));
  AddConditions(command, arguments);
  command->add_flag("--no-snippet", arguments->no_snippet, "Do not show pieces of the notes");
}

}  // namespace

void AddSearchCommand(CLI::App* app, Action* action) {
  CLI::App* command = app->add_subcommand("search", "Search the notes");
  command->footer(kFooter);
  const auto arguments = std::make_shared<SearchArguments>();
  AddOptions(command, arguments.get());
  command->callback([arguments, action] {
    *action = [arguments](const Globals& globals, Output* out) {
      return RunSearch(*arguments, globals, out);
    };
  });
}

}  // namespace cairn::cli
