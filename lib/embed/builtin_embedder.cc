#include <algorithm>
#include <unordered_map>
#include <utility>

#include "embed/builtin.h"
#include "embed/builtin_model.h"
#include "embed/fold.h"
#include "embed/row_cache.h"
#include "storage/keys.h"

namespace cairn::embed {
namespace {

using storage::Family;
namespace keys = storage::keys;

constexpr size_t kCacheBytes = 64u << 20;
/// Texts whose terms are fetched together.
constexpr size_t kTextsPerFetch = 64;

/// The distinct terms of a group of texts, and which text uses which how often.
class TermTable {
 public:
  struct Use {
    uint32_t term;  // into terms()
    uint32_t frequency;
  };

  /// Adds a text; its uses come in the order of the first occurrence.
  void Add(std::vector<analysis::Token>* tokens) {
    std::vector<Use>& uses = uses_.emplace_back();
    const auto text = static_cast<uint32_t>(uses_.size());
    for (analysis::Token& token : *tokens) {
      if (!token.counts) continue;
      auto [it, added] = index_.try_emplace(token.term, static_cast<uint32_t>(terms_.size()));
      if (added) {
        terms_.push_back(std::move(token.term));
        last_.push_back({0, 0});
      }
      auto& [last_text, slot] = last_[it->second];
      if (last_text == text) {
        ++uses[slot].frequency;
        continue;
      }
      last_text = text;
      slot = static_cast<uint32_t>(uses.size());
      uses.push_back({it->second, 1});
    }
  }

  const std::vector<std::string>& terms() const { return terms_; }
  const std::vector<Use>& uses(size_t text) const { return uses_[text]; }

 private:
  std::unordered_map<std::string, uint32_t> index_;
  std::vector<std::string> terms_;
  std::vector<std::pair<uint32_t, uint32_t>>
      last_;  // by term: last text (from 1), slot in its uses
  std::vector<std::vector<Use>> uses_;
};

/// Folds texts into a trained generation. Thread safety: thread-safe. Ownership: borrows the store.
class BuiltinEmbedder final : public Embedder {
 public:
  BuiltinEmbedder(const storage::Store* store, CollectionId collection, uint64_t generation,
                  std::shared_ptr<const analysis::Analyzer> analyzer, ModelHeader header)
      : store_(store),
        collection_(collection),
        generation_(generation),
        analyzer_(std::move(analyzer)),
        header_(std::move(header)),
        identity_{"builtin", StrCat("1-", header_.dim()), generation},
        cache_(kCacheBytes) {}

  const EmbedderIdentity& identity() const override { return identity_; }
  uint32_t dim() const override { return header_.dim(); }

  Status Embed(std::span<const std::string_view> texts, Purpose /*purpose*/, float* out) override {
    for (size_t begin = 0; begin < texts.size(); begin += kTextsPerFetch) {
      auto group = texts.subspan(begin, std::min(kTextsPerFetch, texts.size() - begin));
      CAIRN_RETURN_IF_ERROR(EmbedGroup(group, out + begin * dim()));
    }
    return OkStatus();
  }

 private:
  Status EmbedGroup(std::span<const std::string_view> texts, float* out) {
    TermTable table;
    std::vector<analysis::Token> tokens;
    for (std::string_view text : texts) {
      analyzer_->Analyze(text, &tokens);
      table.Add(&tokens);
    }
    CAIRN_ASSIGN_OR_RETURN(const std::vector<RowCache::Row> rows, RowsOf(table.terms()));
    std::vector<TermUse> known;
    for (size_t i = 0; i < texts.size(); ++i) {
      known.clear();
      for (const TermTable::Use& use : table.uses(i)) {
        if (rows[use.term] != nullptr) known.push_back({rows[use.term].get(), use.frequency});
      }
      FoldText(header_, known, out + i * dim());
    }
    return OkStatus();
  }

  /// The model rows of the terms, null for unknown ones.
  Result<std::vector<RowCache::Row>> RowsOf(const std::vector<std::string>& terms) {
    std::vector<std::optional<RowCache::Row>> found = cache_.Find(terms);
    std::vector<RowCache::Row> rows(terms.size());
    std::vector<size_t> missing;
    for (size_t i = 0; i < terms.size(); ++i) {
      if (found[i].has_value()) {
        rows[i] = *std::move(found[i]);
      } else {
        missing.push_back(i);
      }
    }
    CAIRN_RETURN_IF_ERROR(FetchRows(terms, missing, &rows));
    return rows;
  }

  Status FetchRows(const std::vector<std::string>& terms, const std::vector<size_t>& missing,
                   std::vector<RowCache::Row>* rows) {
    if (missing.empty()) return OkStatus();
    std::vector<std::string> wanted;
    wanted.reserve(missing.size());
    for (size_t i : missing) wanted.push_back(keys::ModelRow(collection_, generation_, terms[i]));
    CAIRN_ASSIGN_OR_RETURN(const auto values, store_->MultiGet(Family::kManifest, wanted));
    const bool some_absent =
        std::any_of(values.begin(), values.end(), [](const auto& v) { return !v.has_value(); });
    if (some_absent) CAIRN_RETURN_IF_ERROR(CheckStillThere());
    for (size_t j = 0; j < missing.size(); ++j) {
      RowCache::Row row;
      if (values[j].has_value()) {
        CAIRN_ASSIGN_OR_RETURN(ModelRow decoded, DecodeRow(header_, *values[j]));
        row = std::make_shared<const ModelRow>(std::move(decoded));
      }
      cache_.Insert(terms[missing[j]], row);
      (*rows)[missing[j]] = std::move(row);
    }
    return OkStatus();
  }

  /// A term may be absent because the text is new, or because the generation was removed.
  Status CheckStillThere() const {
    Status status =
        store_->Get(Family::kManifest, keys::ModelRow(collection_, generation_, "")).status();
    if (status.code() != Code::kNotFound) return status;
    return Error(Code::kFailedPrecondition, "generation ", generation_,
                 " of the builtin embedder was removed: open the active one");
  }

  const storage::Store* const store_;
  const CollectionId collection_;
  const uint64_t generation_;
  const std::shared_ptr<const analysis::Analyzer> analyzer_;
  const ModelHeader header_;
  const EmbedderIdentity identity_;
  RowCache cache_;
};

Status CheckFits(const ModelHeader& header, const analysis::Analyzer& analyzer,
                 const BuiltinOptions& options) {
  if (header.analyzer != analyzer.identity()) {
    return Error(Code::kFailedPrecondition, "the builtin embedder was trained with the analyzer \"",
                 header.analyzer, "\", the collection now uses \"", analyzer.identity(),
                 "\": train it again");
  }
  if (header.block_dim != options.block_dim) {
    return Error(Code::kFailedPrecondition, "the builtin embedder was trained with block_dim ",
                 header.block_dim, ", the options say ", options.block_dim, ": train it again");
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<Embedder>> OpenBuiltin(const storage::Store* store, CollectionId collection,
                                              uint64_t generation,
                                              std::shared_ptr<const analysis::Analyzer> analyzer,
                                              const BuiltinOptions& options) {
  Result<std::string> bytes =
      store->Get(Family::kManifest, keys::ModelRow(collection, generation, ""));
  if (bytes.status().code() == Code::kNotFound) {
    return Error(Code::kNotFound, "the builtin embedder has no generation ", generation);
  }
  CAIRN_RETURN_IF_ERROR(bytes.status());
  CAIRN_ASSIGN_OR_RETURN(ModelHeader header, DecodeHeader(*bytes));
  CAIRN_RETURN_IF_ERROR(CheckFits(header, *analyzer, options));
  return std::unique_ptr<Embedder>(std::make_unique<BuiltinEmbedder>(
      store, collection, generation, std::move(analyzer), std::move(header)));
}

}  // namespace cairn::embed
