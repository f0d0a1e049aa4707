#include <cairn/collection.h>

#include <memory>
#include <string>
#include <utility>

#include "capi/embed_bridge.h"
#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Status;
using cairn::db::CollectionConfig;
using cairn::db::CollectionOptions;
using cairn::db::CollectionStats;
using cairn::db::EmbedderKind;

namespace {

using GivenOptions = InputStruct<cairn_collection_options>;

/// A setting whose zero stands for the default and whose negative values stand for zero.
void ReadWeight(float given, float* weight) {
  if (given != 0) *weight = given < 0 ? 0 : given;
}

Status ReadConfig(const GivenOptions& given, CollectionConfig* config) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  config->embedder = static_cast<EmbedderKind>(given->embedder);
  config->dim = given->dim;
  config->metric = static_cast<cairn::vector::Metric>(given->metric);
  if (given->language != nullptr || given->language_bytes != 0) {
    CAIRN_ASSIGN_OR_RETURN(config->language,
                           ReadText(given->language, given->language_bytes, "options.language"));
  }
  if (given->bm25_k1 != 0) config->bm25.k1 = given->bm25_k1;
  ReadWeight(given->bm25_b, &config->bm25.b);
  ReadWeight(given->title_weight, &config->bm25.title_weight);
  ReadWeight(given->tags_weight, &config->bm25.tags_weight);
  ReadWeight(given->description_weight, &config->bm25.description_weight);
  ReadWeight(given->body_weight, &config->bm25.body_weight);
  CAIRN_ASSIGN_OR_RETURN(
      config->embedder_name,
      ReadText(given->embedder_name, given->embedder_name_bytes, "options.embedder_name"));
  CAIRN_ASSIGN_OR_RETURN(
      config->embedder_version,
      ReadText(given->embedder_version, given->embedder_version_bytes, "options.embedder_version"));
  return cairn::OkStatus();
}

/// A function without the embedder that would call it is a mistake that would stay unseen.
Status CheckCallback(const GivenOptions& given, EmbedderKind embedder) {
  if (given->embed_fn == nullptr || embedder == EmbedderKind::kCallback) return cairn::OkStatus();
  return cairn::Error(cairn::Code::kInvalidArgument,
                      "options.embed_fn is set, but options.embedder is not "
                      "CAIRN_EMBEDDER_CALLBACK");
}

/// The common part of create and open: `act` gets the name and the options, and makes a collection.
template <typename Act>
cairn_status MakeCollection(cairn_database* database, const char* name, size_t name_bytes,
                            const cairn_collection_options* options,
                            cairn_collection** collection_out, cairn_error** err,
                            Act act) noexcept {
  return Guard(err, [&]() -> Status {
    GivenOptions given(options);
    HostData embed_data(given->embed_user_data, given->embed_free);
    CAIRN_RETURN_IF_ERROR(ClearOut(collection_out, "collection_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_name, ReadText(name, name_bytes, "name"));
    CollectionOptions read;
    CAIRN_RETURN_IF_ERROR(ReadConfig(given, &read.config));
    CAIRN_RETURN_IF_ERROR(CheckCallback(given, read.config.embedder));
    if (given->embed_fn != nullptr) {
      read.callback = BridgeEmbedder(given->embed_fn, std::move(embed_data));
    }
    CAIRN_ASSIGN_OR_RETURN(auto collection, act(*database->impl, read_name, read));
    *collection_out = std::make_unique<cairn_collection>(std::move(collection)).release();
    return cairn::OkStatus();
  });
}

cairn_collection_stats ToPublic(const CollectionStats& stats) {
  cairn_collection_stats out{};
  out.dim = stats.dim;
  out.metric = static_cast<int32_t>(stats.metric);
  out.embedder = static_cast<int32_t>(stats.embedder);
  out.document_count = stats.document_count;
  out.chunk_count = stats.chunk_count;
  out.vector_count = stats.vector_count;
  out.vector_memory_bytes = stats.vector_memory_bytes;
  out.embedder_generation = stats.embedder_generation;
  out.trained_chunk_count = stats.trained_chunk_count;
  out.training_min_chunks = stats.training_min_chunks;
  out.vector_state = static_cast<int32_t>(stats.vector_state);
  out.segment_count = static_cast<uint32_t>(stats.segments.size());
  for (const cairn::vector::SegmentStats& segment : stats.segments) {
    bool fresh = segment.code_bits == 0;
    out.fresh_vector_count += fresh ? segment.live_rows : 0;
    out.dead_vector_count += segment.rows - segment.live_rows;
    out.vector_disk_bytes += segment.disk_bytes;
  }
  return out;
}

}  // namespace

void cairn_collection_options_init(cairn_collection_options* options,
                                   uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_collection_create(cairn_database* database, const char* name, size_t name_bytes,
                                     const cairn_collection_options* options,
                                     cairn_collection** collection_out,
                                     cairn_error** err) noexcept {
  return MakeCollection(
      database, name, name_bytes, options, collection_out, err,
      [](cairn::db::Database& db, std::string_view read_name, const CollectionOptions& read) {
        return db.CreateCollection(read_name, read);
      });
}

cairn_status cairn_collection_open(cairn_database* database, const char* name, size_t name_bytes,
                                   const cairn_collection_options* options,
                                   cairn_collection** collection_out, cairn_error** err) noexcept {
  return MakeCollection(
      database, name, name_bytes, options, collection_out, err,
      [&](cairn::db::Database& db, std::string_view read_name, const CollectionOptions& read) {
        return db.OpenCollection(read_name, options == nullptr ? nullptr : &read);
      });
}

cairn_status cairn_collection_drop(cairn_database* database, const char* name, size_t name_bytes,
                                   cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_name, ReadText(name, name_bytes, "name"));
    return database->impl->DropCollection(read_name);
  });
}

cairn_status cairn_collection_names(const cairn_database* database, cairn_list** names_out,
                                    cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(names_out, "names_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    CAIRN_ASSIGN_OR_RETURN(auto names, database->impl->CollectionNames());
    *names_out = std::make_unique<cairn_list>(std::move(names)).release();
    return cairn::OkStatus();
  });
}

cairn_collection* cairn_collection_retain(cairn_collection* collection) noexcept {
  return Retain(collection);
}

void cairn_collection_release(cairn_collection* collection) noexcept { Release(collection); }

cairn_status cairn_collection_stats_get(const cairn_collection* collection,
                                        cairn_collection_stats* stats_inout,
                                        cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(CollectionStats stats, collection->impl->Stats());
    FillStruct(stats_inout, ToPublic(stats));
    return cairn::OkStatus();
  });
}

cairn_status cairn_collection_train(cairn_collection* collection, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    return collection->impl->Train();
  });
}
