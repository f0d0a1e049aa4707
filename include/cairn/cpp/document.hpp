// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_DOCUMENT_HPP_
#define CAIRN_CPP_DOCUMENT_HPP_

#include <cairn/document.h>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>
#include <cairn/cpp/options.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// A document to be written; only the id is required.
struct NewDocument {
  std::string id;
  std::string title;
  std::string body;
  Format format = Format::kPlainText;
  std::vector<std::string> tags;
  std::string type;
  std::string status;
  std::string description;
  std::string metadata_json;
  std::int64_t created_ns = 0;   ///< since the Unix epoch; 0 = unknown
  std::int64_t modified_ns = 0;  ///< likewise
  FloatView vectors;             ///< one per chunk, row-major; empty = embed the text
  std::uint32_t dim = 0;         ///< of the vectors; 0 = there is one, of vectors.size()
};

/// Where a chunk of a stored document lies in its body.
struct Chunk {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t line = 0;
  std::string_view heading;
  std::string_view text;
};

/// A stored document. The string_views live as long as it does.
class Document {
 public:
  explicit Document(cairn_document* taken) noexcept : handle_(taken) {}

  std::string_view id() const { return text(CAIRN_FIELD_ID); }
  std::string_view title() const { return text(CAIRN_FIELD_TITLE); }
  std::string_view body() const { return text(CAIRN_FIELD_BODY); }
  std::string_view type() const { return text(CAIRN_FIELD_TYPE); }
  std::string_view status() const { return text(CAIRN_FIELD_STATUS); }
  std::string_view description() const { return text(CAIRN_FIELD_DESCRIPTION); }
  std::string_view metadata_json() const { return text(CAIRN_FIELD_METADATA_JSON); }
  std::string_view path() const { return text(CAIRN_FIELD_PATH); }
  std::int64_t created_ns() const noexcept { return cairn_document_created_ns(get()); }
  std::int64_t modified_ns() const noexcept { return cairn_document_modified_ns(get()); }

  std::vector<std::string_view> tags() const {
    std::vector<std::string_view> tags;
    for (std::size_t i = 0; i < cairn_document_tag_count(get()); ++i) {
      std::size_t size = 0;
      const char* data = cairn_document_tag(get(), i, &size);
      tags.emplace_back(data, size);
    }
    return tags;
  }

  std::vector<Chunk> chunks() const {
    std::vector<Chunk> chunks;
    for (std::size_t i = 0; i < cairn_document_chunk_count(get()); ++i) {
      cairn_chunk chunk{};
      chunk.struct_size = sizeof(chunk);
      detail::ErrorSlot error;
      error.check(cairn_document_chunk(get(), i, &chunk, error.out()));
      chunks.push_back({chunk.begin,
                        chunk.end,
                        chunk.line,
                        {chunk.heading, chunk.heading_bytes},
                        {chunk.text, chunk.text_bytes}});
    }
    return chunks;
  }

  /// Chunk after chunk, dim() floats each.
  std::vector<float> vectors() const {
    std::vector<float> vectors(float_count());
    detail::ErrorSlot error;
    error.check(cairn_document_vectors(get(), vectors.data(), vectors.size(), nullptr, nullptr,
                                       error.out()));
    return vectors;
  }

  std::uint32_t dim() const {
    std::uint32_t dim = 0;
    detail::ErrorSlot error;
    error.check(cairn_document_vectors(get(), nullptr, 0, nullptr, &dim, error.out()));
    return dim;
  }

  /// As cairn_document_json.
  std::string json() const {
    detail::ErrorSlot error;
    cairn_buffer* json = nullptr;
    error.check(cairn_document_json(get(), &json, error.out()));
    return detail::to_string(json);
  }

  const cairn_document* get() const noexcept { return handle_.get(); }

 private:
  std::string_view text(std::int32_t field) const {
    std::size_t size = 0;
    const char* data = cairn_document_text(get(), field, &size);
    return {data, size};
  }

  std::size_t float_count() const {
    std::size_t count = 0;
    detail::ErrorSlot error;
    error.check(cairn_document_vectors(get(), nullptr, 0, &count, nullptr, error.out()));
    return count;
  }

  detail::Owned<cairn_document, cairn_document_release> handle_;
};

}  // namespace cairn

#endif  // CAIRN_CPP_DOCUMENT_HPP_
