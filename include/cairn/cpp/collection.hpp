// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_COLLECTION_HPP_
#define CAIRN_CPP_COLLECTION_HPP_

#include <cairn/cairn.h>
#include <cairn/cpp/callbacks.hpp>
#include <cairn/cpp/document.hpp>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>
#include <cairn/cpp/index_report.hpp>
#include <cairn/cpp/options.hpp>
#include <cairn/cpp/results.hpp>
#include <cairn/cpp/vectors.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

/// An open collection. Copies refer to the same one. Thread-safe.
class Collection {
 public:
  /// Takes over one reference.
  explicit Collection(cairn_collection* taken, detail::EmbedStatePtr embed = nullptr) noexcept
      : handle_(taken), embed_(std::move(embed)) {}

  /// Writes documents, replacing those with the same id. Error::index names the first that was not
  /// written; those before it were.
  void upsert(const std::vector<NewDocument>& documents) {
    std::vector<std::vector<const char*>> tags(documents.size());
    std::vector<std::vector<std::size_t>> tag_bytes(documents.size());
    std::vector<cairn_document_input> inputs(documents.size());
    for (std::size_t i = 0; i < documents.size(); ++i) {
      for (const std::string& tag : documents[i].tags) {
        tags[i].push_back(tag.data());
        tag_bytes[i].push_back(tag.size());
      }
      inputs[i] = to_input(documents[i], tags[i], tag_bytes[i]);
    }
    detail::ErrorSlot error;
    check_embedding(error,
                    cairn_collection_upsert(get(), inputs.data(), inputs.size(), error.out()));
  }
  void upsert(const NewDocument& document) { upsert(std::vector<NewDocument>{document}); }

  /// False when there was no such document.
  bool remove(std::string_view id) {
    detail::ErrorSlot error;
    cairn_status status = cairn_collection_delete(get(), id.data(), id.size(), error.out());
    if (status == CAIRN_NOT_FOUND && exists()) return false;
    error.check(status);
    return true;
  }

  /// Throws CAIRN_NOT_FOUND when there is no such document.
  Document get(std::string_view id) const {
    detail::ErrorSlot error;
    cairn_document* document = nullptr;
    error.check(cairn_collection_get(get(), id.data(), id.size(), &document, error.out()));
    return Document(document);
  }

  /// Nothing when there is no such document.
  std::optional<Document> find(std::string_view id) const {
    detail::ErrorSlot error;
    cairn_document* document = nullptr;
    cairn_status status = cairn_collection_get(get(), id.data(), id.size(), &document, error.out());
    if (status == CAIRN_NOT_FOUND && exists()) return std::nullopt;
    error.check(status);
    return Document(document);
  }

  std::uint64_t count() const {
    detail::ErrorSlot error;
    std::uint64_t count = 0;
    error.check(cairn_collection_count(get(), &count, error.out()));
    return count;
  }

  /// Up to `limit` (1 to 10,000) ids in byte order, those after `after`.
  std::vector<std::string> ids(std::string_view after = {}, std::uint32_t limit = 1000) const {
    detail::ErrorSlot error;
    cairn_list* ids = nullptr;
    error.check(cairn_collection_ids(get(), after.data(), after.size(), limit, &ids, error.out()));
    return detail::to_strings(ids);
  }

  Results search(std::string_view query, const SearchOptions& options = {}) const {
    cairn_search_options raw{};
    raw.struct_size = sizeof(raw);
    raw.mode = static_cast<std::int32_t>(options.mode);
    raw.limit = options.limit;
    raw.offset = options.offset;
    raw.filter_json = options.filter_json.data();
    raw.filter_json_bytes = options.filter_json.size();
    raw.vector = options.vector.data();
    raw.dim = static_cast<std::uint32_t>(options.vector.size());
    raw.include_inactive = options.include_inactive ? 1 : 0;
    raw.text_weight = options.text_weight;
    raw.vector_weight = options.vector_weight;
    raw.min_score = options.min_score.value_or(0);
    raw.has_min_score = options.min_score.has_value() ? 1 : 0;
    raw.snippet_chars = options.snippet_chars;
    raw.snippet_none = options.snippet_chars == 0 ? 1 : 0;
    raw.target_recall = options.target_recall;
    raw.ef = options.ef;
    detail::ErrorSlot error;
    cairn_results* results = nullptr;
    check_embedding(error,
                    cairn_search(get(), query.data(), query.size(), &raw, &results, error.out()));
    return Results(results);
  }

  /// The k nearest of every query vector, into arrays of the caller: queries.size() / dim rows of
  /// k. `ordinals` may be null. Allocates nothing for a single query without filter.
  VectorReport nearest_into(FloatView queries, std::uint32_t dim, std::uint32_t k,
                            const VectorOptions& options, std::uint64_t* keys,
                            std::uint32_t* ordinals, float* scores, std::uint32_t* counts) const {
    cairn_vector_options raw = detail::to_raw(options);
    VectorReport report = detail::new_report();
    detail::ErrorSlot error;
    error.check(cairn_collection_search_vectors(get(), queries.data(),
                                                detail::row_count(queries, dim), dim, k, &raw, keys,
                                                ordinals, scores, counts, &report, error.out()));
    return report;
  }

  /// The same as lists, best first.
  Neighbours nearest(FloatView queries, std::uint32_t dim, std::uint32_t k,
                     const VectorOptions& options = {}) const {
    detail::Rows rows(detail::row_count(queries, dim), k);
    VectorReport report =
        nearest_into(queries, dim, k, options, rows.keys.data(), rows.ordinals.data(),
                     rows.scores.data(), rows.counts.data());
    return rows.lists(report);
  }
  Neighbours nearest(FloatView queries, std::uint32_t dim, std::uint32_t k,
                     std::string_view filter_json) const {
    VectorOptions options;
    options.filter_json = filter_json;
    return nearest(queries, dim, k, options);
  }

  /// The k nearest to a stored document, by its own vectors: one list.
  Neighbours similar(std::string_view id, std::uint32_t k,
                     const VectorOptions& options = {}) const {
    detail::Rows rows(1, k);
    cairn_vector_options raw = detail::to_raw(options);
    VectorReport report = detail::new_report();
    detail::ErrorSlot error;
    error.check(cairn_collection_search_similar(
        get(), id.data(), id.size(), k, &raw, rows.keys.data(), rows.ordinals.data(),
        rows.scores.data(), rows.counts.data(), &report, error.out()));
    return rows.lists(report);
  }

  /// Id of the document with this key; throws CAIRN_NOT_FOUND when it was written again since.
  std::string id_of(std::uint64_t key) const {
    detail::ErrorSlot error;
    cairn_buffer* id = nullptr;
    error.check(cairn_collection_id_of(get(), key, &id, error.out()));
    return detail::to_string(id);
  }
  /// Ids of many documents; "" for those written again or deleted since.
  std::vector<std::string> ids_of(const std::vector<std::uint64_t>& keys) const {
    detail::ErrorSlot error;
    cairn_list* ids = nullptr;
    error.check(cairn_collection_ids_of(get(), keys.data(), keys.size(), &ids, error.out()));
    return detail::to_strings(ids);
  }
  /// Key of the document with this id; throws CAIRN_NOT_FOUND.
  std::uint64_t key_of(std::string_view id) const {
    detail::ErrorSlot error;
    std::uint64_t key = 0;
    error.check(cairn_collection_key_of(get(), id.data(), id.size(), &key, error.out()));
    return key;
  }

  /// The parts of the vector index.
  std::vector<cairn_segment_stats> segments() const {
    detail::ErrorSlot error;
    cairn_segments* taken = nullptr;
    error.check(cairn_collection_segments(get(), &taken, error.out()));
    return detail::to_stats(taken);
  }

  /// Brings the collection up to date with a folder. A cancelled run is a report like any other.
  IndexReport index_folder(std::string_view root, const IndexOptions& options = {}) {
    std::vector<const char*> ignore;
    for (const std::string& pattern : options.ignore) ignore.push_back(pattern.c_str());
    detail::ProgressState progress{options.progress, nullptr};
    cairn_index_options raw{};
    raw.struct_size = sizeof(raw);
    raw.force_root = options.force_root ? 1 : 0;
    raw.allow_mass_delete = options.allow_mass_delete ? 1 : 0;
    raw.chunk_max_tokens = options.chunk_max_tokens;
    raw.max_file_bytes = options.max_file_bytes;
    raw.ignore = ignore.data();
    raw.ignore_count = ignore.size();
    raw.progress_fn = options.progress ? detail::progress_trampoline : nullptr;
    raw.progress_user_data = &progress;
    detail::ErrorSlot error;
    cairn_index_report* taken = nullptr;
    cairn_status status =
        cairn_index_folder(get(), root.data(), root.size(), &raw, &taken, error.out());
    detail::Owned<cairn_index_report, cairn_index_report_release> report(taken);
    if (progress.thrown) std::rethrow_exception(progress.thrown);
    if (status != CAIRN_CANCELLED || report == nullptr) check_embedding(error, status);
    return IndexReport(report.release());
  }

  /// As cairn_collection_train.
  void train() {
    detail::ErrorSlot error;
    error.check(cairn_collection_train(get(), error.out()));
  }

  cairn_collection_stats stats() const {
    cairn_collection_stats stats{};
    stats.struct_size = sizeof(stats);
    detail::ErrorSlot error;
    error.check(cairn_collection_stats_get(get(), &stats, error.out()));
    return stats;
  }

  cairn_collection* get() const noexcept { return handle_.get(); }

 private:
  static cairn_document_input to_input(const NewDocument& document,
                                       const std::vector<const char*>& tags,
                                       const std::vector<std::size_t>& tag_bytes) {
    cairn_document_input input{};
    input.struct_size = sizeof(input);
    input.format = static_cast<std::int32_t>(document.format);
    input.id = document.id.data();
    input.id_bytes = document.id.size();
    input.title = document.title.data();
    input.title_bytes = document.title.size();
    input.body = document.body.data();
    input.body_bytes = document.body.size();
    input.type = document.type.data();
    input.type_bytes = document.type.size();
    input.status = document.status.data();
    input.status_bytes = document.status.size();
    input.description = document.description.data();
    input.description_bytes = document.description.size();
    input.metadata_json = document.metadata_json.data();
    input.metadata_json_bytes = document.metadata_json.size();
    input.tags = tags.data();
    input.tag_bytes = tag_bytes.data();
    input.tag_count = tags.size();
    input.created_ns = document.created_ns;
    input.modified_ns = document.modified_ns;
    if (document.vectors.empty()) return input;
    std::size_t dim = document.dim == 0 ? document.vectors.size() : document.dim;
    if (document.vectors.size() % dim != 0) {
      throw Error(CAIRN_INVALID_ARGUMENT, "vectors are not whole rows of dim floats");
    }
    input.vectors = document.vectors.data();
    input.vector_count = document.vectors.size() / dim;
    input.dim = static_cast<std::uint32_t>(dim);
    return input;
  }

  /// Throws the exception of the embedding function when that is why a call failed.
  void check_embedding(const detail::ErrorSlot& error, cairn_status status) const {
    std::exception_ptr thrown = embed_ ? embed_->take() : nullptr;
    if (thrown && status == CAIRN_UNAVAILABLE) std::rethrow_exception(thrown);
    error.check(status);
  }

  /// Tells a missing document from a dropped collection.
  bool exists() const {
    count();
    return true;
  }

  detail::Shared<cairn_collection, cairn_collection_retain, cairn_collection_release> handle_;
  detail::EmbedStatePtr embed_;
};

}  // namespace cairn

#endif  // CAIRN_CPP_COLLECTION_HPP_
