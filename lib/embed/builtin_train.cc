#include <chrono>
#include <utility>

#include "embed/builtin.h"
#include "embed/builtin_model.h"
#include "embed/corpus.h"
#include "embed/lsa.h"
#include "embed/ppmi.h"
#include "embed/work.h"
#include "storage/keys.h"

namespace cairn::embed {
namespace {

using storage::Batch;
using storage::Durability;
using storage::Family;
namespace keys = storage::keys;

constexpr size_t kBatchBytes = 1u << 20;
/// Tokens and chunk ends are counted in 32 bits.
constexpr uint64_t kMostTokens = 2'000'000'000;

/// A model ready to be stored.
struct Model {
  ModelHeader header;
  std::vector<std::string> terms;
  std::vector<ModelRow> rows;  // one per term
};

Status CheckOptions(const BuiltinOptions& options) {
  if (options.block_dim == 0 || options.block_dim > 4096) {
    return Error(Code::kInvalidArgument, "block_dim must be between 1 and 4096, is ",
                 options.block_dim);
  }
  if (options.max_terms == 0 || options.max_train_chunks == 0 || options.max_train_tokens == 0) {
    return Error(Code::kInvalidArgument,
                 "max_terms, max_train_chunks and max_train_tokens must not be zero");
  }
  if (options.max_train_tokens > kMostTokens || options.max_train_chunks > kMostTokens) {
    return Error(Code::kInvalidArgument, "max_train_tokens and max_train_chunks are at most ",
                 kMostTokens);
  }
  return OkStatus();
}

Result<Corpus> CollectCorpus(const Work& work, const analysis::Analyzer& analyzer,
                             const ChunkSource& chunks, const BuiltinOptions& options) {
  CorpusBuilder builder(analyzer, options);
  Status cancelled;
  CAIRN_RETURN_IF_ERROR(chunks([&](std::string_view text) {
    cancelled = work.CheckCancelled();
    if (cancelled.ok()) builder.Add(text);
    return cancelled.ok();
  }));
  CAIRN_RETURN_IF_ERROR(cancelled);
  if (builder.chunks_seen() < options.min_chunks) {
    return Error(Code::kFailedPrecondition, "the builtin embedder needs at least ",
                 options.min_chunks, " chunks, has ", builder.chunks_seen());
  }
  Corpus corpus = std::move(builder).Finish();
  if (corpus.terms.empty()) {
    return Error(Code::kFailedPrecondition,
                 "the builtin embedder needs words that occur in several chunks, found none");
  }
  return corpus;
}

Result<Model> BuildModel(const Work& work, const Corpus& corpus, const std::string& analyzer,
                         const BuiltinOptions& options) {
  CAIRN_ASSIGN_OR_RETURN(TermBlock ppmi, TrainPpmi(work, corpus, options));
  CAIRN_ASSIGN_OR_RETURN(TermBlock lsa, TrainLsa(work, corpus, options));
  Model model;
  model.header.block_dim = options.block_dim;
  model.header.lsa_rank = static_cast<uint32_t>(lsa.vectors.cols());
  model.header.ppmi_rank = static_cast<uint32_t>(ppmi.vectors.cols());
  model.header.chunk_count = corpus.chunks_seen;
  model.header.trained_count = corpus.chunk_count;
  model.header.term_count = corpus.terms.size();
  model.header.analyzer = analyzer;
  model.rows.resize(corpus.terms.size());
  model.terms.reserve(corpus.terms.size());
  for (size_t t = 0; t < corpus.terms.size(); ++t) {
    model.terms.push_back(corpus.terms[t].term);
    model.rows[t] = QuantizeRow(model.header, lsa.weights[t], lsa.vectors.row(t), ppmi.weights[t],
                                ppmi.vectors.row(t));
  }
  return model;
}

/// Writes the rows first and the header last: a generation without a header does not exist.
Status WriteModel(const Work& work, const Model& model, CollectionId collection,
                  uint64_t generation, storage::Store* store) {
  Batch batch;
  batch.DeletePrefix(Family::kManifest, keys::ModelPrefix(collection, generation));
  CAIRN_RETURN_IF_ERROR(store->Commit(batch, Durability::kAsync));
  batch.Clear();
  for (size_t t = 0; t < model.terms.size(); ++t) {
    batch.Put(Family::kManifest, keys::ModelRow(collection, generation, model.terms[t]),
              EncodeRow(model.rows[t]));
    if (batch.byte_size() < kBatchBytes) continue;
    CAIRN_RETURN_IF_ERROR(work.CheckCancelled());
    CAIRN_RETURN_IF_ERROR(store->Commit(batch, Durability::kAsync));
    batch.Clear();
  }
  CAIRN_RETURN_IF_ERROR(work.CheckCancelled());
  batch.Put(Family::kManifest, keys::ModelRow(collection, generation, ""),
            EncodeHeader(model.header));
  return store->Commit(batch, Durability::kAsync);
}

void RemoveModel(CollectionId collection, uint64_t generation, storage::Store* store) {
  Batch batch;
  batch.DeletePrefix(Family::kManifest, keys::ModelPrefix(collection, generation));
  store->Commit(batch, Durability::kAsync)
      .IgnoreError("rows without a header are never read and the next training removes them");
}

}  // namespace

Result<TrainReport> TrainBuiltin(storage::Store* store, CollectionId collection,
                                 uint64_t generation, const analysis::Analyzer& analyzer,
                                 const ChunkSource& chunks, const BuiltinOptions& options,
                                 ThreadPool* pool, const std::function<bool()>& cancelled) {
  const auto start = std::chrono::steady_clock::now();
  CAIRN_RETURN_IF_ERROR(CheckOptions(options));
  const Work work(pool, &cancelled);
  CAIRN_ASSIGN_OR_RETURN(const Corpus corpus, CollectCorpus(work, analyzer, chunks, options));
  CAIRN_ASSIGN_OR_RETURN(const Model model, BuildModel(work, corpus, analyzer.identity(), options));
  if (Status status = WriteModel(work, model, collection, generation, store); !status.ok()) {
    RemoveModel(collection, generation, store);
    return status;
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return TrainReport{corpus.chunks_seen, corpus.terms.size(), elapsed.count()};
}

}  // namespace cairn::embed
