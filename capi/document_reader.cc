#include "capi/document_reader.h"

#include <limits>
#include <string_view>

#include "capi/options.h"
#include "capi/text.h"

namespace cairn::capi {
namespace {

Status ReadTags(const cairn_document_input& given, std::vector<std::string_view>* tags) {
  if (given.tag_count == 0) return OkStatus();
  if (given.tags == nullptr) {
    return Error(Code::kInvalidArgument, "tags is NULL, but tag_count is ", given.tag_count);
  }
  for (size_t i = 0; i < given.tag_count; ++i) {
    size_t size = given.tag_bytes == nullptr ? CAIRN_NUL_TERMINATED : given.tag_bytes[i];
    CAIRN_ASSIGN_OR_RETURN(std::string_view tag,
                           ReadText(given.tags[i], size, StrCat("tags[", i, "]")));
    tags->push_back(tag);
  }
  return OkStatus();
}

Status ReadVectors(const cairn_document_input& given, db::DocumentInput* document) {
  if (given.vectors == nullptr) {
    if (given.vector_count == 0) return OkStatus();
    return Error(Code::kInvalidArgument, "vectors is NULL, but vector_count is ",
                 given.vector_count);
  }
  if (given.vector_count == 0 || given.dim == 0) {
    return Error(Code::kInvalidArgument, "vectors is set, but there are ", given.vector_count,
                 " of dimension ", given.dim);
  }
  constexpr size_t kMaxFloats = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(float);
  if (given.vector_count > kMaxFloats / given.dim) {
    return Error(Code::kInvalidArgument, "vector_count ", given.vector_count, " is impossible");
  }
  document->vectors = given.vectors;
  document->vector_count = given.vector_count;
  document->dim = given.dim;
  return OkStatus();
}

}  // namespace

Result<db::DocumentInput> ReadDocument(const cairn_document_input& given) {
  db::DocumentInput document;
  CAIRN_ASSIGN_OR_RETURN(document.id, ReadText(given.id, given.id_bytes, "id"));
  CAIRN_RETURN_IF_ERROR(CheckChoice(given.format, CAIRN_FORMAT_MARKDOWN, "format"));
  document.format = static_cast<indexer::Format>(given.format);
  CAIRN_ASSIGN_OR_RETURN(document.title, ReadText(given.title, given.title_bytes, "title"));
  CAIRN_ASSIGN_OR_RETURN(document.body, ReadBytes(given.body, given.body_bytes, "body"));
  CAIRN_ASSIGN_OR_RETURN(document.type, ReadText(given.type, given.type_bytes, "type"));
  CAIRN_ASSIGN_OR_RETURN(document.status, ReadText(given.status, given.status_bytes, "status"));
  CAIRN_ASSIGN_OR_RETURN(document.description,
                         ReadText(given.description, given.description_bytes, "description"));
  CAIRN_ASSIGN_OR_RETURN(document.metadata_json,
                         ReadText(given.metadata_json, given.metadata_json_bytes, "metadata_json"));
  CAIRN_RETURN_IF_ERROR(ReadTags(given, &document.tags));
  CAIRN_RETURN_IF_ERROR(ReadVectors(given, &document));
  if (given.reserved != 0) {
    return Error(Code::kInvalidArgument, "reserved is ", given.reserved, ", must be 0");
  }
  document.created_ns = given.created_ns;
  document.modified_ns = given.modified_ns;
  return document;
}

}  // namespace cairn::capi
