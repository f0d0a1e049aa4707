#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>

#include "command.h"
#include "failure.h"
#include "handles.h"
#include "open.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

constexpr const char* kFooter =
    "The id of a note is its path relative to the indexed folder; `cairn search` shows it.\n"
    "\n"
    "Examples:\n"
    "  cairn get recipes/rye-bread.md\n"
    "  cairn get recipes/rye-bread.md --json";

std::string TextOf(const cairn_document* document, int32_t field) {
  size_t size = 0;
  const char* text = cairn_document_text(document, field, &size);
  return text == nullptr ? "" : std::string(text, size);
}

std::string TagsOf(const cairn_document* document) {
  std::string tags;
  for (size_t i = 0; i < cairn_document_tag_count(document); ++i) {
    size_t size = 0;
    const char* tag = cairn_document_tag(document, i, &size);
    tags += (tags.empty() ? "" : ", ") + std::string(tag, size);
  }
  return tags;
}

/// "2024-03-11 17:05:00 UTC"; "" for an unknown time.
std::string TimeText(int64_t ns) {
  if (ns == 0) return "";
  const time_t seconds = static_cast<time_t>(ns / 1'000'000'000 - (ns % 1'000'000'000 < 0 ? 1 : 0));
  struct tm parts {};
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts));
}

class Listing {
 public:
  Listing(const Painter& paint, Output* out) : paint_(paint), out_(out) {}

  /// One line, unless the value is empty.
  void Row(std::string_view label, const std::string& value) {
    if (value.empty()) return;
    std::string padded = std::string(label) + ":";
    padded.resize(13, ' ');
    out_->Line(paint_(Style::kFaint, padded) + Printable(value));
  }

 private:
  const Painter& paint_;
  Output* out_;
};

void PrintDocument(const Globals& globals, const cairn_document* document, Output* out) {
  const Painter paint(UseColor(globals.color, STDOUT_FILENO));
  out->Line(paint(Style::kTitle, Printable(TextOf(document, CAIRN_FIELD_TITLE))));
  Listing listing(paint, out);
  listing.Row("id", TextOf(document, CAIRN_FIELD_ID));
  const std::string path = TextOf(document, CAIRN_FIELD_PATH);
  if (path != TextOf(document, CAIRN_FIELD_ID)) listing.Row("path", path);
  listing.Row("tags", TagsOf(document));
  listing.Row("type", TextOf(document, CAIRN_FIELD_TYPE));
  listing.Row("status", TextOf(document, CAIRN_FIELD_STATUS));
  listing.Row("description", TextOf(document, CAIRN_FIELD_DESCRIPTION));
  listing.Row("created", TimeText(cairn_document_created_ns(document)));
  listing.Row("modified", TimeText(cairn_document_modified_ns(document)));
  const std::string metadata = TextOf(document, CAIRN_FIELD_METADATA_JSON);
  if (metadata != "{}") listing.Row("metadata", metadata);
  listing.Row("chunks", std::to_string(cairn_document_chunk_count(document)));
  out->Line();
  std::string body = PrintableLines(TextOf(document, CAIRN_FIELD_BODY));
  out->Print(body);
  if (!body.empty() && body.back() != '\n') out->Line();
}

int RunGet(const std::string& id, const Globals& globals, Output* out) {
  const Database database = OpenForReading(globals);
  const Collection collection = OpenCollection(database.get(), globals.collection);
  ErrorSlot error;
  cairn_document* raw = nullptr;
  Check(cairn_collection_get(collection.get(), id.data(), id.size(), &raw, error.out()), error);
  const Document document(raw);
  if (!globals.json) {
    PrintDocument(globals, raw, out);
    return kExitOk;
  }
  cairn_buffer* json = nullptr;
  Check(cairn_document_json(raw, &json, error.out()), error);
  const Buffer owner(json);
  out->Line(cairn_buffer_data(json, nullptr));
  return kExitOk;
}

}  // namespace

void AddGetCommand(CLI::App* app, Action* action) {
  CLI::App* command = app->add_subcommand("get", "Show one note as it is stored");
  command->footer(kFooter);
  const auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "Id of the note")->required()->type_name("");
  command->callback([id, action] {
    *action = [id](const Globals& globals, Output* out) { return RunGet(*id, globals, out); };
  });
}

}  // namespace cairn::cli
