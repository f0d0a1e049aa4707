#include "query/result_cache.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"

namespace cairn::query {
namespace {

static_assert(std::is_trivially_copyable_v<vector::SearchWork>);

void PutDouble(ByteWriter& writer, double value) { writer.Big64(std::bit_cast<uint64_t>(value)); }
double GetDouble(ByteReader& reader) { return std::bit_cast<double>(reader.Big64()); }

void PutSnippet(ByteWriter& writer, const text::Snippet& snippet) {
  const auto& [text, highlights] = snippet;
  writer.Text(text);
  writer.Varint(highlights.size());
  for (const auto& [begin, end] : highlights) {
    writer.Varint(begin);
    writer.Varint(end);
  }
}

text::Snippet GetSnippet(ByteReader& reader) {
  text::Snippet snippet;
  snippet.text = reader.Text();
  for (uint64_t count = reader.Varint(); count > 0 && !reader.failed(); --count) {
    text::Highlight highlight;
    highlight.begin = static_cast<uint32_t>(reader.Varint());
    highlight.end = static_cast<uint32_t>(reader.Varint());
    snippet.highlights.push_back(highlight);
  }
  return snippet;
}

// All members are bound, so that a new one does not compile until it is written and read here.
void PutResult(ByteWriter& writer, const SearchResult& result) {
  const auto& [id, title, path, tags, type, status, metadata_json, score, text_score, vector_score,
               matched_chunks, has_chunk, chunk_ordinal, chunk_begin, chunk_end, chunk_line,
               heading_path, snippet] = result;
  for (const std::string* text :
       {&id, &title, &path, &type, &status, &metadata_json, &heading_path}) {
    writer.Text(*text);
  }
  writer.Varint(tags.size());
  for (const std::string& tag : tags) writer.Text(tag);
  for (double value : {score, text_score, vector_score}) PutDouble(writer, value);
  writer.Byte(has_chunk ? 1 : 0);
  for (uint64_t value : {uint64_t{matched_chunks}, uint64_t{chunk_ordinal}, chunk_begin, chunk_end,
                         uint64_t{chunk_line}}) {
    writer.Varint(value);
  }
  PutSnippet(writer, snippet);
}

SearchResult GetResult(ByteReader& reader) {
  SearchResult result;
  for (std::string* text : {&result.id, &result.title, &result.path, &result.type, &result.status,
                            &result.metadata_json, &result.heading_path}) {
    *text = reader.Text();
  }
  for (uint64_t count = reader.Varint(); count > 0 && !reader.failed(); --count) {
    result.tags.emplace_back(reader.Text());
  }
  for (double* value : {&result.score, &result.text_score, &result.vector_score}) {
    *value = GetDouble(reader);
  }
  result.has_chunk = reader.Byte() != 0;
  result.matched_chunks = static_cast<uint32_t>(reader.Varint());
  result.chunk_ordinal = static_cast<uint32_t>(reader.Varint());
  result.chunk_begin = reader.Varint();
  result.chunk_end = reader.Varint();
  result.chunk_line = static_cast<uint32_t>(reader.Varint());
  result.snippet = GetSnippet(reader);
  return result;
}

}  // namespace

std::string EncodeResponse(const SearchResponse& response) {
  const auto& [query, mode, results, total, has_more, degraded, repeatable, took_ns,
               searched_vectors, target_recall, work] = response;
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.Text(query);
  writer.Byte(static_cast<uint8_t>(mode));
  writer.Varint(total);
  writer.Text(degraded);
  for (bool flag : {has_more, repeatable, searched_vectors}) writer.Byte(flag ? 1 : 0);
  static_cast<void>(took_ns);
  writer.Float(target_recall);
  writer.Raw({reinterpret_cast<const char*>(&work), sizeof work});
  writer.Varint(results.size());
  for (const SearchResult& result : results) PutResult(writer, result);
  return bytes;
}

Result<SearchResponse> DecodeResponse(std::string_view bytes) {
  ByteReader reader(bytes);
  SearchResponse response;
  response.query = reader.Text();
  response.mode = static_cast<Mode>(reader.Byte());
  response.total = reader.Varint();
  response.degraded = reader.Text();
  for (bool* flag : {&response.has_more, &response.repeatable, &response.searched_vectors}) {
    *flag = reader.Byte() != 0;
  }
  response.target_recall = reader.Float();
  const std::string_view work = reader.Raw(sizeof response.work);
  if (!reader.failed()) std::memcpy(&response.work, work.data(), work.size());
  for (uint64_t count = reader.Varint(); count > 0 && !reader.failed(); --count) {
    response.results.push_back(GetResult(reader));
  }
  CAIRN_RETURN_IF_ERROR(reader.Finish("a remembered answer"));
  return response;
}

cache::Space* ResultCache::OpenSpace(std::string_view collection) {
  Result<cache::Space*> space = cache_->OpenSpace(collection);
  return space.ok() ? *space : nullptr;
}

std::string ResultCache::KeyOf(const SearchRequest& request, uint64_t state) {
  const auto& [text, mode, limit, offset, filter_json, query_vector, include_inactive, text_weight,
               vector_weight, min_score, snippet_chars, target_recall, ef] = request;
  std::string key;
  key.reserve(64 + text.size() + filter_json.size() + query_vector.size_bytes());
  ByteWriter writer(&key);
  writer.Varint(state);
  writer.Text(text);
  writer.Text(filter_json);
  writer.Byte(static_cast<uint8_t>(mode));
  for (uint32_t value : {limit, offset, snippet_chars, ef}) writer.Varint(value);
  writer.Byte(static_cast<uint8_t>((include_inactive ? 1 : 0) | (min_score ? 2 : 0)));
  for (float value : {text_weight, vector_weight, min_score.value_or(0), target_recall}) {
    writer.Float(value);
  }
  writer.Raw({reinterpret_cast<const char*>(query_vector.data()), query_vector.size_bytes()});
  return key;
}

std::optional<SearchResponse> ResultCache::Find(cache::Space* space, std::string_view key) {
  const cache::Handle found = cache_->Get(space, key);
  if (!found) return std::nullopt;
  Result<SearchResponse> response = DecodeResponse(found.value());
  if (!response.ok()) return std::nullopt;
  return std::move(response).value();
}

void ResultCache::Keep(cache::Space* space, std::string_view key, const SearchResponse& response) {
  if (!response.repeatable) return;
  cache::SetOptions options;
  options.ttl_ns = kAnswerTtlNs;
  options.negative = response.results.empty();
  cache_->Set(space, key, EncodeResponse(response), options)
      .IgnoreError("then it is searched for again");
}

}  // namespace cairn::query
