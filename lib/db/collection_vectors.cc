// The part of Collection that searches by vectors alone.

#include <utility>

#include "base/bytes.h"
#include "db/database.h"
#include "db/database_impl.h"
#include "db/document_batch.h"
#include "db/search_context.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

using storage::Family;
namespace keys = storage::keys;

constexpr size_t kMaxK = 100000;

Status CheckK(size_t k) {
  if (k > 0 && k <= kMaxK) return OkStatus();
  return Error(Code::kInvalidArgument, "k is ", k, ", must be 1 to ", kMaxK);
}

/// The vectors of a document at one moment.
Result<storage::VectorsRecord> VectorsOf(const DatabaseImpl& database, const CollectionState& state,
                                         DocNo doc, const ReadState& pinned,
                                         const CollectionView& view) {
  auto bytes = database.store().Get(
      Family::kVectors, keys::Vectors(state.id, view.embedder_state.generation, doc), pinned.at);
  if (bytes.status().code() == Code::kNotFound) {
    return Error(Code::kFailedPrecondition, "the document has no vectors");
  }
  if (!bytes.ok()) return std::move(bytes).status();
  return storage::VectorsRecord::Decode(*bytes);
}

}  // namespace

/// One moment of the collection, its vectors loaded, and how it is searched.
struct Collection::NearestSearch {
  ReadStatePtr pinned;
  const CollectionView* view = nullptr;
  query::SearchContext context;
  query::NearestRun run;
  int64_t start_ns = 0;
};

Status Collection::BeginNearest(NearestSearch* search) const {
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  search->start_ns = database_->options().clock->MonotonicNs();
  CAIRN_ASSIGN_OR_RETURN(search->pinned, database_->PinWithVectors(*state_));
  auto view = search->pinned->collections.find(state_->id);
  if (view == search->pinned->collections.end()) {
    return Error(Code::kUnavailable, "the collection is being closed");
  }
  search->view = &view->second;
  search->context = MakeContext(*database_, *state_, *search->pinned, view->second);
  search->run.pool = &database_->pool();
  search->run.scratch = &state_->nearest_scratch;
  return OkStatus();
}

void Collection::EndNearest(const NearestSearch& search, const query::NearestRequest& request,
                            size_t queries, NearestReport* report) const {
  database_->CountVectorQueries(queries);
  if (report == nullptr) return;
  report->work = search.run.work;
  bool by_ef = request.ef > 0 && request.target_recall < 1;
  report->target_recall = by_ef ? 0 : request.target_recall;
  report->took_ns = database_->options().clock->MonotonicNs() - search.start_ns;
}

Status Collection::FindNearest(const query::NearestRequest& request, uint32_t dim,
                               const query::NearestRows& rows, NearestReport* report) const {
  CAIRN_RETURN_IF_ERROR(CheckK(request.k));
  if (state_->dim > 0 && dim != state_->dim) {
    return Error(Code::kInvalidArgument, "the query vectors have ", dim,
                 " dimensions, the collection has ", state_->dim);
  }
  NearestSearch search;
  CAIRN_RETURN_IF_ERROR(BeginNearest(&search));
  CAIRN_RETURN_IF_ERROR(query::FindNearest(search.context, request, rows, &search.run));
  EndNearest(search, request, request.queries.size() / dim, report);
  return OkStatus();
}

Status Collection::FindSimilar(std::string_view id, bool without_itself,
                               query::NearestRequest request, const query::NearestRows& row,
                               NearestReport* report) const {
  CAIRN_RETURN_IF_ERROR(CheckK(request.k));
  CAIRN_RETURN_IF_ERROR(ValidateDocumentId(id));
  NearestSearch search;
  CAIRN_RETURN_IF_ERROR(BeginNearest(&search));
  CAIRN_ASSIGN_OR_RETURN(DocNo doc,
                         FindDocument(database_->store(), state_->id, id, search.pinned->at));
  CAIRN_ASSIGN_OR_RETURN(storage::VectorsRecord own,
                         VectorsOf(*database_, *state_, doc, *search.pinned, *search.view));
  if (without_itself) {
    request.without = doc;
    request.without_chunks = own.ordinals.size();
  }
  request.queries = own.rows;
  CAIRN_RETURN_IF_ERROR(query::FindNearestToAny(search.context, request, row, &search.run));
  EndNearest(search, request, own.ordinals.size(), report);
  return OkStatus();
}

Result<std::vector<std::vector<DocumentHit>>> Collection::SearchVectors(
    std::span<const float> queries, uint32_t dim, size_t k, std::string_view filter_json) const {
  CAIRN_RETURN_IF_ERROR(CheckK(k));
  size_t count = dim == 0 ? 0 : queries.size() / dim;
  std::vector<uint64_t> doc_keys(count * k);
  std::vector<float> scores(count * k);
  std::vector<uint32_t> counts(count);
  query::NearestRequest request;
  request.queries = queries;
  request.k = k;
  request.filter_json = filter_json;
  CAIRN_RETURN_IF_ERROR(
      FindNearest(request, dim, {doc_keys.data(), nullptr, scores.data(), counts.data()}, nullptr));
  std::vector<std::vector<DocumentHit>> lists(count);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i * k; j < i * k + counts[i]; ++j) {
      lists[i].push_back({DocNo{doc_keys[j]}, scores[j]});
    }
  }
  return lists;
}

Result<std::vector<std::string>> Collection::IdsOf(std::span<const uint64_t> doc_keys) const {
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  ReadStatePtr pinned = database_->Pin();
  std::vector<std::string> wanted;
  wanted.reserve(doc_keys.size());
  for (uint64_t key : doc_keys) wanted.push_back(keys::Document(state_->id, DocNo{key}));
  CAIRN_ASSIGN_OR_RETURN(auto found,
                         database_->store().MultiGet(Family::kDocuments, wanted, pinned->at));
  std::vector<std::string> ids(doc_keys.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    CAIRN_ASSIGN_OR_RETURN(storage::DocumentRecord record,
                           storage::DocumentRecord::Decode(*found[i]));
    ids[i] = std::move(record.id);
  }
  return ids;
}

Result<std::string> Collection::IdOf(DocNo doc) const {
  uint64_t key = ToInt(doc);
  CAIRN_ASSIGN_OR_RETURN(std::vector<std::string> ids, IdsOf({&key, 1}));
  if (ids.front().empty()) return Error(Code::kNotFound, "no document has the key ", key);
  return std::move(ids.front());
}

Result<DocNo> Collection::KeyOf(std::string_view id) const {
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  CAIRN_RETURN_IF_ERROR(ValidateDocumentId(id));
  return FindDocument(database_->store(), state_->id, id, database_->Pin()->at);
}

}  // namespace cairn::db
