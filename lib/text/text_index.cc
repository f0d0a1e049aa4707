#include "text/text_index.h"

#include <utility>

#include "storage/keys.h"
#include "text/document_terms.h"
#include "text/posting.h"
#include "text/query_terms.h"
#include "text/searcher.h"

namespace cairn::text {

using storage::Family;
namespace keys = storage::keys;

struct TextIndex::Impl {
  const storage::Store* store;
  CollectionId collection;
  std::shared_ptr<const analysis::Analyzer> analyzer;
  Bm25Options options;

  Result<TextStatistics> ReadStatistics(const storage::SnapshotPtr& at) const;
  /// Nothing when the document has no terms or is not there.
  Result<std::optional<ForwardList>> ReadTerms(DocNo doc) const;
  void PutDocument(storage::Batch* batch, DocNo doc, DocumentTerms terms,
                   TextStatistics* statistics) const;
  Status DeleteDocument(storage::Batch* batch, DocNo doc, const ForwardList& terms,
                        TextStatistics* statistics) const;
  void PutStatistics(storage::Batch* batch, const TextStatistics& statistics) const;
};

Result<TextStatistics> TextIndex::Impl::ReadStatistics(const storage::SnapshotPtr& at) const {
  auto value = store->Get(Family::kTerms, keys::TextStatistics(collection), at);
  if (value.ok()) return DecodeStatistics(*value);
  if (value.status().code() == Code::kNotFound) return TextStatistics();
  return std::move(value).status();
}

Result<std::optional<ForwardList>> TextIndex::Impl::ReadTerms(DocNo doc) const {
  auto value = store->Get(Family::kTerms, keys::TermsOf(collection, doc));
  if (value.ok()) {
    CAIRN_ASSIGN_OR_RETURN(ForwardList list, DecodeForwardList(*value));
    return std::optional(std::move(list));
  }
  if (value.status().code() == Code::kNotFound) return std::optional<ForwardList>();
  return std::move(value).status();
}

void TextIndex::Impl::PutDocument(storage::Batch* batch, DocNo doc, DocumentTerms terms,
                                  TextStatistics* statistics) const {
  if (terms.entries.empty()) return;
  ForwardList list;
  list.length = terms.length;
  for (DocumentTerms::Entry& entry : terms.entries) {
    batch->Put(Family::kPostings, keys::Posting(collection, entry.term, doc),
               EncodePosting(terms.length, entry.counts, entry.chunks));
    list.terms.push_back(std::move(entry.term));
  }
  batch->Put(Family::kTerms, keys::TermsOf(collection, doc), EncodeForwardList(list));
  ++statistics->document_count;
  statistics->total_length += static_cast<double>(terms.length);
}

Status TextIndex::Impl::DeleteDocument(storage::Batch* batch, DocNo doc, const ForwardList& terms,
                                       TextStatistics* statistics) const {
  if (statistics->document_count == 0) {
    return Error(Code::kDataLoss, "text statistics count no document, but document ", ToInt(doc),
                 " has terms");
  }
  for (const std::string& term : terms.terms) {
    batch->Delete(Family::kPostings, keys::Posting(collection, term, doc));
  }
  batch->Delete(Family::kTerms, keys::TermsOf(collection, doc));
  --statistics->document_count;
  statistics->total_length -= static_cast<double>(terms.length);
  // What rounding leaves over must not outlive the last document or turn the total negative.
  if (statistics->document_count == 0 || statistics->total_length < 0) {
    statistics->total_length = 0;
  }
  return OkStatus();
}

void TextIndex::Impl::PutStatistics(storage::Batch* batch, const TextStatistics& statistics) const {
  batch->Put(Family::kTerms, keys::TextStatistics(collection), EncodeStatistics(statistics));
}

TextIndex::TextIndex(const storage::Store* store, CollectionId collection,
                     std::shared_ptr<const analysis::Analyzer> analyzer, const Bm25Options& options)
    : impl_(std::make_unique<Impl>(Impl{store, collection, std::move(analyzer), options})) {}

TextIndex::~TextIndex() = default;

Status TextIndex::Apply(storage::Batch* batch, std::optional<DocNo> remove, DocNo add_doc,
                        const TextDocument& add) const {
  DocumentTerms terms = CollectTerms(*impl_->analyzer, impl_->options, add);
  if (terms.entries.empty() && !remove.has_value()) return OkStatus();
  CAIRN_ASSIGN_OR_RETURN(TextStatistics statistics, impl_->ReadStatistics(nullptr));
  std::optional<ForwardList> old_terms;
  if (remove.has_value()) {
    CAIRN_ASSIGN_OR_RETURN(old_terms, impl_->ReadTerms(*remove));
  }
  if (remove != add_doc) {
    CAIRN_ASSIGN_OR_RETURN(const auto there, impl_->ReadTerms(add_doc));
    if (there.has_value()) {
      return Error(Code::kAlreadyExists, "document ", ToInt(add_doc), " is in the text index");
    }
  }
  if (old_terms.has_value()) {
    CAIRN_RETURN_IF_ERROR(impl_->DeleteDocument(batch, *remove, *old_terms, &statistics));
  }
  impl_->PutDocument(batch, add_doc, std::move(terms), &statistics);
  impl_->PutStatistics(batch, statistics);
  return OkStatus();
}

Status TextIndex::Remove(storage::Batch* batch, DocNo doc) const {
  CAIRN_ASSIGN_OR_RETURN(TextStatistics statistics, impl_->ReadStatistics(nullptr));
  CAIRN_ASSIGN_OR_RETURN(const std::optional<ForwardList> terms, impl_->ReadTerms(doc));
  if (!terms.has_value()) return OkStatus();
  CAIRN_RETURN_IF_ERROR(impl_->DeleteDocument(batch, doc, *terms, &statistics));
  impl_->PutStatistics(batch, statistics);
  return OkStatus();
}

Result<TextResult> TextIndex::Search(std::string_view query, size_t k, const Bitmap* filter,
                                     const storage::SnapshotPtr& at) const {
  const QueryTerms terms = AnalyzeQuery(*impl_->analyzer, query);
  if (terms.terms.empty()) return TextResult();
  const storage::SnapshotPtr view = at != nullptr ? at : impl_->store->TakeSnapshot();
  CAIRN_ASSIGN_OR_RETURN(const TextStatistics statistics, impl_->ReadStatistics(view));
  Searcher searcher({impl_->store, impl_->collection, view, impl_->options, statistics}, terms,
                    filter);
  return searcher.Run(k);
}

Result<TextStatistics> TextIndex::Statistics(const storage::SnapshotPtr& at) const {
  return impl_->ReadStatistics(at);
}

const analysis::Analyzer& TextIndex::analyzer() const { return *impl_->analyzer; }

}  // namespace cairn::text
