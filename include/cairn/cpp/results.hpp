// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_RESULTS_HPP_
#define CAIRN_CPP_RESULTS_HPP_

#include <cairn/search.h>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>
#include <cairn/cpp/options.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// Byte span of a query term in a snippet.
struct Highlight {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// One result. Its string_views live as long as the Results.
struct Result {
  std::string_view id;
  std::string_view title;
  std::string_view path;  ///< relative to the indexed root; "" when it is not from a file
  std::string_view snippet;
  std::string_view metadata_json;
  std::string_view heading;       ///< heading path of the best chunk
  double score = 0;               ///< higher is better, in every mode
  double text_score = 0;          ///< BM25; 0 when the text did not match
  double vector_score = 0;        ///< of the nearest chunk; 0 when not among the nearest
  std::uint64_t chunk_begin = 0;  ///< best chunk: byte span in the document's body
  std::uint64_t chunk_end = 0;
  std::uint32_t chunk_line = 0;  ///< from 1; 0 when the document has no chunk
  std::uint32_t chunk_ordinal = 0;
  std::uint32_t matched_chunk_count = 0;
  std::vector<std::string_view> tags;
  std::vector<Highlight> highlights;
};

/// A page of results, best first.
class Results {
 public:
  explicit Results(cairn_results* taken) : handle_(taken) {
    info_.struct_size = sizeof(info_);
    detail::ErrorSlot error;
    error.check(cairn_results_info(get(), &info_, error.out()));
    results_.reserve(info_.count);
    for (std::size_t i = 0; i < info_.count; ++i) results_.push_back(read(i));
  }

  std::vector<Result>::const_iterator begin() const noexcept { return results_.begin(); }
  std::vector<Result>::const_iterator end() const noexcept { return results_.end(); }
  std::size_t size() const noexcept { return results_.size(); }
  bool empty() const noexcept { return results_.empty(); }
  const Result& operator[](std::size_t index) const { return results_[index]; }

  Mode mode() const noexcept { return static_cast<Mode>(info_.mode); }  ///< the one used
  std::uint64_t total() const noexcept { return info_.total; }          ///< of all pages
  bool has_more() const noexcept { return info_.has_more != 0; }
  std::int64_t took_ns() const noexcept { return info_.took_ns; }
  /// Why less was done than asked, or "".
  std::string_view degraded() const noexcept { return {info_.degraded, info_.degraded_bytes}; }

  /// As cairn_results_json.
  std::string json() const {
    detail::ErrorSlot error;
    cairn_buffer* json = nullptr;
    error.check(cairn_results_json(get(), &json, error.out()));
    return detail::to_string(json);
  }

  const cairn_results* get() const noexcept { return handle_.get(); }

 private:
  Result read(std::size_t index) const {
    cairn_result raw{};
    raw.struct_size = sizeof(raw);
    detail::ErrorSlot error;
    error.check(cairn_results_get(get(), index, &raw, error.out()));
    Result result;
    result.id = {raw.id, raw.id_bytes};
    result.title = {raw.title, raw.title_bytes};
    result.path = {raw.path, raw.path_bytes};
    result.snippet = {raw.snippet, raw.snippet_bytes};
    result.metadata_json = {raw.metadata_json, raw.metadata_json_bytes};
    result.heading = {raw.heading, raw.heading_bytes};
    result.score = raw.score;
    result.text_score = raw.text_score;
    result.vector_score = raw.vector_score;
    result.chunk_begin = raw.chunk_begin;
    result.chunk_end = raw.chunk_end;
    result.chunk_line = raw.chunk_line;
    result.chunk_ordinal = raw.chunk_ordinal;
    result.matched_chunk_count = raw.matched_chunk_count;
    result.tags = read_tags(index);
    result.highlights = read_highlights(index);
    return result;
  }

  std::vector<std::string_view> read_tags(std::size_t index) const {
    std::vector<std::string_view> tags(cairn_results_tag_count(get(), index));
    for (std::size_t i = 0; i < tags.size(); ++i) {
      std::size_t size = 0;
      const char* data = cairn_results_tag(get(), index, i, &size);
      tags[i] = {data, size};
    }
    return tags;
  }

  std::vector<Highlight> read_highlights(std::size_t index) const {
    std::vector<Highlight> highlights(cairn_results_highlight_count(get(), index));
    for (std::size_t i = 0; i < highlights.size(); ++i) {
      detail::ErrorSlot error;
      error.check(cairn_results_highlight(get(), index, i, &highlights[i].begin, &highlights[i].end,
                                          error.out()));
    }
    return highlights;
  }

  detail::Owned<cairn_results, cairn_results_release> handle_;
  cairn_search_info info_{};
  std::vector<Result> results_;
};

}  // namespace cairn

#endif  // CAIRN_CPP_RESULTS_HPP_
