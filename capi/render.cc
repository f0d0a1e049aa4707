#include "capi/render.h"

#include <string_view>
#include <vector>

#include "capi/json_writer.h"

namespace cairn::capi {
namespace {

constexpr int kScoreDigits = 6;
constexpr int kTimeDigits = 3;
constexpr double kNsPerMs = 1e6;

void Text(JsonWriter* json, std::string_view key, std::string_view text) {
  json->Key(key);
  json->Text(text);
}

void Integer(JsonWriter* json, std::string_view key, uint64_t number) {
  json->Key(key);
  json->Integer(number);
}

void Number(JsonWriter* json, std::string_view key, double number, int digits) {
  json->Key(key);
  json->Number(number, digits);
}

void Boolean(JsonWriter* json, std::string_view key, bool value) {
  json->Key(key);
  json->Boolean(value);
}

void Texts(JsonWriter* json, std::string_view key, const std::vector<std::string>& texts) {
  json->Key(key);
  json->BeginArray();
  for (const std::string& text : texts) json->Text(text);
  json->EndArray();
}

void Span(JsonWriter* json, uint64_t begin, uint64_t end) {
  Integer(json, "start", begin);
  Integer(json, "end", end);
}

void ChunkOf(JsonWriter* json, uint64_t begin, uint64_t end, uint32_t line,
             std::string_view heading) {
  json->BeginObject();
  Span(json, begin, end);
  Integer(json, "line", line);
  Text(json, "heading", heading);
  json->EndObject();
}

void Scores(JsonWriter* json, const query::SearchResult& result) {
  json->Key("scores");
  json->BeginObject();
  Number(json, "text", result.text_score, kScoreDigits);
  Number(json, "vector", result.vector_score, kScoreDigits);
  json->EndObject();
}

void Highlights(JsonWriter* json, const text::Snippet& snippet) {
  json->Key("highlights");
  json->BeginArray();
  for (const text::Highlight& highlight : snippet.highlights) {
    json->BeginObject();
    Span(json, highlight.begin, highlight.end);
    json->EndObject();
  }
  json->EndArray();
}

void Result(JsonWriter* json, const query::SearchResult& result) {
  json->BeginObject();
  Text(json, "id", result.id);
  Text(json, "title", result.title);
  Text(json, "path", result.path);
  Number(json, "score", result.score, kScoreDigits);
  Scores(json, result);
  Text(json, "snippet", result.snippet.text);
  Highlights(json, result.snippet);
  Texts(json, "tags", result.tags);
  json->Key("chunk");
  if (result.has_chunk) {
    ChunkOf(json, result.chunk_begin, result.chunk_end, result.chunk_line, result.heading_path);
  } else {
    json->Null();
  }
  json->Key("metadata");
  json->Json(result.metadata_json);
  json->EndObject();
}

void Problems(JsonWriter* json, std::string_view key,
              const std::vector<indexer::FileProblem>& problems) {
  json->Key(key);
  json->BeginArray();
  for (const indexer::FileProblem& problem : problems) {
    json->BeginObject();
    Text(json, "path", problem.path);
    Text(json, "reason", problem.reason);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

std::string RenderResults(const query::SearchResponse& response) {
  JsonWriter json;
  json.BeginObject();
  Text(&json, "query", response.query);
  Text(&json, "mode", query::ModeName(response.mode));
  Integer(&json, "total", response.total);
  Boolean(&json, "has_more", response.has_more);
  Number(&json, "took_ms", static_cast<double>(response.took_ns) / kNsPerMs, kTimeDigits);
  Text(&json, "degraded", response.degraded);
  json.Key("results");
  json.BeginArray();
  for (const query::SearchResult& result : response.results) Result(&json, result);
  json.EndArray();
  json.EndObject();
  return json.Take();
}

std::string RenderDocument(const db::StoredDocument& document) {
  JsonWriter json;
  json.BeginObject();
  Text(&json, "id", document.id);
  Text(&json, "title", document.title);
  Text(&json, "path", document.path);
  Texts(&json, "tags", document.tags);
  Text(&json, "type", document.type);
  Text(&json, "status", document.status);
  Text(&json, "description", document.description);
  json.Key("created");
  json.Time(document.created_ns);
  json.Key("modified");
  json.Time(document.modified_ns);
  json.Key("metadata");
  json.Json(document.metadata_json);
  Text(&json, "body", document.body);
  json.Key("chunks");
  json.BeginArray();
  for (const indexer::Chunk& chunk : document.chunks) {
    ChunkOf(&json, chunk.begin, chunk.end, chunk.line, chunk.heading_path);
  }
  json.EndArray();
  json.EndObject();
  return json.Take();
}

std::string RenderReport(const db::IndexOutcome& outcome) {
  const indexer::IndexReport& report = outcome.report;
  JsonWriter json;
  json.BeginObject();
  Integer(&json, "scanned", report.scanned);
  Integer(&json, "added", report.added);
  Integer(&json, "changed", report.changed);
  Integer(&json, "renamed", report.renamed);
  Integer(&json, "deleted", report.deleted);
  Integer(&json, "unchanged", report.unchanged);
  Integer(&json, "chunks", report.chunks);
  Integer(&json, "bytes", report.bytes);
  Integer(&json, "embedded", outcome.embedded_count);
  Number(&json, "seconds", report.seconds, kTimeDigits);
  Boolean(&json, "cancelled", report.cancelled);
  Problems(&json, "failed", report.failed);
  Problems(&json, "skipped", report.skipped);
  Problems(&json, "warnings", report.warnings);
  json.EndObject();
  return json.Take();
}

}  // namespace cairn::capi
