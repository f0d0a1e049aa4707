#include "text/searcher.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "storage/keys.h"
#include "text/posting.h"

namespace cairn::text {

uint32_t DocTable::IndexOf(DocNo doc) {
  if (2 * docs_.size() >= slots_.size()) Grow();
  size_t at = Home(doc);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (docs_[slots_[at] - 1] == doc) return slots_[at] - 1;
  }
  docs_.push_back(doc);
  slots_[at] = static_cast<uint32_t>(docs_.size());
  return slots_[at] - 1;
}

void DocTable::Grow() {
  slots_.assign(std::max<size_t>(64, 2 * slots_.size()), 0);
  for (uint32_t i = 0; i < docs_.size(); ++i) {
    size_t at = Home(docs_[i]);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = i + 1;
  }
}

size_t DocTable::Home(DocNo doc) const {
  const uint64_t mixed = ToInt(doc) * 0x9e3779b97f4a7c15u;  // Fibonacci hashing
  return (mixed >> 32) & (slots_.size() - 1);
}

Result<TextResult> Searcher::Run(size_t k) {
  const TextStatistics& statistics = source_.statistics;
  if (statistics.document_count > 0) {
    average_length_ = statistics.total_length / static_cast<double>(statistics.document_count);
  }
  postings_.resize(query_.terms.size());
  for (size_t i = 0; i < query_.terms.size(); ++i) {
    CAIRN_RETURN_IF_ERROR(ReadTerm(query_.terms[i], &postings_[i]));
  }
  scores_.resize(docs_.docs().size());
  slot_best_.resize(docs_.docs().size());
  tag_idf_.resize(docs_.docs().size());
  slot_tag_idf_.resize(docs_.docs().size());
  for (const QueryTerms::Slot& slot : query_.slots) ScoreSlot(slot);
  TextResult result;
  result.total = docs_.docs().size();
  TakeTop(k, &result);
  for (TextHit& hit : result.hits) FindBestChunk(&hit);
  return result;
}

Status Searcher::ReadTerm(const std::string& term, TermPostings* postings) {
  const std::string prefix = storage::keys::PostingPrefix(source_.collection, term);
  const auto it = source_.store->Scan(storage::Family::kPostings, prefix, source_.at);
  uint64_t count = 0;
  for (; it->Valid(); it->Next()) {
    if (it->key().size() != prefix.size() + sizeof(uint64_t)) {
      return Error(Code::kDataLoss, "a posting of \"", term, "\" has a key of ", it->key().size(),
                   " bytes");
    }
    ++count;
    const DocNo doc = storage::keys::TrailingDocNo(it->key());
    if (filter_ != nullptr && !filter_->Test(ToInt(doc))) continue;
    CAIRN_RETURN_IF_ERROR(
        ReadPosting(doc, it->value(), postings).WithContext(StrCat("term \"", term, "\"")));
  }
  CAIRN_RETURN_IF_ERROR(it->status());
  const uint64_t documents = source_.statistics.document_count;
  if (count > documents) {
    return Error(Code::kDataLoss, "term \"", term, "\" has ", count,
                 " postings in a collection of ", documents, " documents with text");
  }
  const auto n = static_cast<double>(count);
  postings->idf = std::log(1 + (static_cast<double>(documents) - n + 0.5) / (n + 0.5));
  return OkStatus();
}

Status Searcher::ReadPosting(DocNo doc, std::string_view value, TermPostings* postings) {
  Posting posting;
  if (!DecodePosting(value, &posting)) {
    return Error(Code::kDataLoss, "the posting of document ", ToInt(doc), " is malformed");
  }
  const float part = SaturatedFrequency(posting);
  if (!(part > 0)) return OkStatus();  // only in fields of weight zero
  const auto size = static_cast<uint32_t>(posting.chunks.size());
  const bool in_tags = posting.counts.tags > 0 && source_.options.tags_weight > 0;
  postings->entries.push_back({docs_.IndexOf(doc), part, chunk_bytes_.size(), size, in_tags});
  chunk_bytes_.append(posting.chunks);
  return OkStatus();
}

float Searcher::SaturatedFrequency(const Posting& posting) const {
  const Bm25Options& options = source_.options;
  const FieldCounts& counts = posting.counts;
  const double frequency = options.title_weight * static_cast<double>(counts.title) +
                           options.tags_weight * static_cast<double>(counts.tags) +
                           options.description_weight * static_cast<double>(counts.description) +
                           options.body_weight * static_cast<double>(counts.body);
  if (frequency <= 0) return 0;
  const double relative = average_length_ > 0 ? posting.length / average_length_ : 1;
  const double norm = 1 - options.b + options.b * relative;
  return static_cast<float>(frequency / (frequency + options.k1 * norm));
}

void Searcher::ScoreSlot(const QueryTerms::Slot& slot) {
  const double times = slot.times;
  slot_docs_.clear();
  double slot_idf = 0;
  for (const uint32_t form : slot.forms) {
    const TermPostings& postings = postings_[form];
    if (!postings.entries.empty()) slot_idf = std::max(slot_idf, postings.idf);
    for (const Entry& entry : postings.entries) {
      double& best = slot_best_[entry.doc];
      if (best == 0) slot_docs_.push_back(entry.doc);
      best = std::max(best, postings.idf * entry.part);
      double& tag_idf = slot_tag_idf_[entry.doc];
      if (entry.in_tags) tag_idf = std::max(tag_idf, postings.idf);
    }
  }
  query_idf_ += times * slot_idf;
  for (const uint32_t doc : slot_docs_) {
    scores_[doc] += times * slot_best_[doc];
    slot_best_[doc] = 0;
    tag_idf_[doc] += times * slot_tag_idf_[doc];
    slot_tag_idf_[doc] = 0;
  }
}

void Searcher::TakeTop(size_t k, TextResult* result) const {
  std::vector<TextHit>& hits = result->hits;
  hits.resize(scores_.size());
  for (size_t i = 0; i < scores_.size(); ++i) {
    hits[i].doc = docs_.docs()[i];
    hits[i].score = static_cast<float>(scores_[i]);
    if (query_idf_ > 0) hits[i].tag_share = static_cast<float>(tag_idf_[i] / query_idf_);
  }
  const auto before = [](const TextHit& a, const TextHit& b) {
    return a.score != b.score ? a.score > b.score : a.doc < b.doc;
  };
  const size_t kept = std::min(k, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(),
                    before);
  hits.resize(kept);
  hits.shrink_to_fit();
}

const Searcher::Entry* Searcher::FindEntry(const TermPostings& postings, DocNo doc) const {
  const auto at = std::lower_bound(
      postings.entries.begin(), postings.entries.end(), doc,
      [this](const Entry& entry, DocNo value) { return docs_.docs()[entry.doc] < value; });
  return at != postings.entries.end() && docs_.docs()[at->doc] == doc ? &*at : nullptr;
}

void Searcher::AppendShares(uint32_t slot, DocNo doc) {
  for (const uint32_t form : query_.slots[slot].forms) {
    const Entry* entry = FindEntry(postings_[form], doc);
    if (entry == nullptr) continue;
    const double weight = postings_[form].idf * query_.slots[slot].times;
    ChunkListReader chunks(std::string_view(chunk_bytes_).substr(entry->chunks, entry->chunk_size));
    for (ChunkCount chunk; chunks.Next(&chunk);) {
      const double share = weight * chunk.count / (chunk.count + source_.options.k1);
      shares_.push_back({chunk.ordinal, slot, share});
    }
  }
}

void Searcher::FindBestChunk(TextHit* hit) {
  shares_.clear();
  for (uint32_t slot = 0; slot < query_.slots.size(); ++slot) AppendShares(slot, hit->doc);
  std::sort(shares_.begin(), shares_.end(), [](const ChunkShare& a, const ChunkShare& b) {
    return std::tuple(a.ordinal, a.slot, -a.share) < std::tuple(b.ordinal, b.slot, -b.share);
  });
  double best = 0;
  for (size_t i = 0; i < shares_.size();) {
    const uint32_t ordinal = shares_[i].ordinal;
    double sum = 0;
    for (; i < shares_.size() && shares_[i].ordinal == ordinal; ++i) {
      const bool other_form =
          i > 0 && shares_[i - 1].ordinal == ordinal && shares_[i - 1].slot == shares_[i].slot;
      if (!other_form) sum += shares_[i].share;
    }
    ++hit->matched_chunks;
    if (sum > best) {
      best = sum;
      hit->best_chunk = ordinal;
    }
  }
}

}  // namespace cairn::text
