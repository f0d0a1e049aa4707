#include <cairn/batcher.h>

#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/resilience_handles.h"
#include "resilience/batcher.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::resilience::Batcher;
using cairn::resilience::BatcherOptions;
using cairn::resilience::BatcherStats;
using cairn::resilience::BatchItem;

/// Lives in the frame of one run.
struct cairn_batch {
  std::span<BatchItem* const> items;
};

struct cairn_batcher final : Handle {
  static constexpr auto kKind = HandleKind::kBatcher;
  explicit cairn_batcher(std::shared_ptr<Batcher> made)
      : Handle(kKind),
        holder(std::make_unique<std::shared_ptr<Batcher>>(std::move(made))),
        impl(holder->get()) {}

  /// A worker that drops the last reference cannot wait for itself to end: another thread does.
  ~cairn_batcher() {
    if (!impl->InWorker()) return;
    auto* last = holder.release();
    try {
      std::thread([last] { delete last; }).detach();
    } catch (...) {  // no thread to be had: the batcher stays, idle, for as long as the process
    }
  }

  std::unique_ptr<std::shared_ptr<Batcher>> holder;
  Batcher* const impl;
};

namespace {

using GivenOptions = InputStruct<cairn_batcher_options>;

Status ReadOptions(const GivenOptions& given, BatcherOptions* options) {
  CAIRN_RETURN_IF_ERROR(ReadNameAndMetrics(given, &options->name));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->isolate, "options.isolate"));
  ReadUnlessZero(given->max_items, &options->max_items);
  ReadUnlessZero(given->max_cost, &options->max_cost);
  ReadUnlessZero(given->enough_items, &options->enough_items);
  ReadUnlessZero(given->max_queue, &options->max_queue);
  ReadOrNone(given->max_delay_ns, &options->max_delay_ns);
  ReadUnlessZero(given->workers, &options->workers);
  options->isolate = given->isolate != 0;
  return cairn::OkStatus();
}

Batcher::Runner MakeRunner(cairn_batch_fn run_fn, HostData data) {
  if (run_fn == nullptr) return {};
  return [run_fn, data = std::make_shared<HostData>(std::move(data))](
             std::span<BatchItem* const> items) -> Status {
    cairn_batch batch{items};
    auto code = static_cast<Code>(run_fn(&batch, data->get()));
    if (code == Code::kOk) return cairn::OkStatus();
    return cairn::Error(code, "the batch of ", items.size(), " failed: ", cairn::CodeName(code));
  };
}

Status CheckItem(const cairn_batch* batch, size_t index) {
  if (batch == nullptr) return cairn::Error(Code::kInvalidArgument, "batch is NULL");
  if (index < batch->items.size()) return cairn::OkStatus();
  return cairn::Error(Code::kOutOfRange, "index is ", index, ", the batch has ",
                      batch->items.size(), " items");
}

cairn_batcher_stats ToPublic(const BatcherStats& stats) {
  cairn_batcher_stats out{};
  out.queued_count = stats.queued;
  out.running_count = stats.running;
  out.submitted_count = stats.submitted;
  out.overloaded_count = stats.overloaded;
  out.timed_out_count = stats.timed_out;
  out.failed_count = stats.failed;
  out.batch_count = stats.batches;
  out.item_count = stats.items;
  out.isolated_count = stats.isolated;
  out.busy_ns = stats.busy_ns;
  out.wait_ns = stats.wait_ns;
  return out;
}

}  // namespace

void cairn_batcher_options_init(cairn_batcher_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_batcher_create(const cairn_batcher_options* options, cairn_batcher** batcher_out,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    GivenOptions given(options);
    HostData data(given->run_user_data, given->run_free);
    CAIRN_RETURN_IF_ERROR(ClearOut(batcher_out, "batcher_out"));
    CAIRN_RETURN_IF_ERROR(given.Check("options"));
    BatcherOptions read;
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &read));
    CAIRN_ASSIGN_OR_RETURN(
        auto made, Batcher::Create(std::move(read), MakeRunner(given->run_fn, std::move(data))));
    *batcher_out =
        std::make_unique<cairn_batcher>(Share(std::move(made), given->metrics)).release();
    return cairn::OkStatus();
  });
}

cairn_batcher* cairn_batcher_retain(cairn_batcher* batcher) noexcept { return Retain(batcher); }

void cairn_batcher_release(cairn_batcher* batcher) noexcept { Release(batcher); }

cairn_status cairn_batcher_submit(cairn_batcher* batcher, const char* input, size_t input_bytes,
                                  uint64_t cost, int64_t timeout_ns, cairn_buffer** output_out,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(output_out, "output_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(batcher, "batcher"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view bytes, ReadBytes(input, input_bytes, "input"));
    CAIRN_ASSIGN_OR_RETURN(std::string output,
                           batcher->impl->Submit(std::string(bytes), cost, DeadlineIn(timeout_ns)));
    *output_out = std::make_unique<cairn_buffer>(std::move(output)).release();
    return cairn::OkStatus();
  });
}

cairn_status cairn_batcher_submit_async(cairn_batcher* batcher, const char* input,
                                        size_t input_bytes, uint64_t cost, int64_t timeout_ns,
                                        cairn_batch_done_fn done_fn, void* user_data,
                                        cairn_free_fn free_fn, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    HostData given(user_data, free_fn);
    CAIRN_RETURN_IF_ERROR(CheckHandle(batcher, "batcher"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view bytes, ReadBytes(input, input_bytes, "input"));
    if (done_fn == nullptr) return cairn::Error(Code::kInvalidArgument, "done_fn is NULL");
    auto data = std::make_shared<HostData>(std::move(given));
    auto done = [done_fn, data](Status status, const std::string& output) {
      std::string_view told = status.ok() ? output : status.message();
      done_fn(static_cast<cairn_status>(status.code()), told.data(), told.size(), data->get());
    };
    return batcher->impl->SubmitAsync(std::string(bytes), cost, DeadlineIn(timeout_ns),
                                      std::move(done));
  });
}

cairn_status cairn_batcher_close(cairn_batcher* batcher, uint32_t cancel,
                                 cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(batcher, "batcher"));
    CAIRN_RETURN_IF_ERROR(CheckFlag(cancel, "cancel"));
    if (batcher->impl->InWorker()) {
      return cairn::Error(Code::kFailedPrecondition,
                          "a batcher cannot be closed by its own worker");
    }
    if (cancel != 0) {
      batcher->impl->Cancel();
    } else {
      batcher->impl->Close();
    }
    return cairn::OkStatus();
  });
}

cairn_status cairn_batcher_stats_get(const cairn_batcher* batcher, cairn_batcher_stats* stats_inout,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(batcher, "batcher"));
    FillStruct(stats_inout, ToPublic(batcher->impl->Stats()));
    return cairn::OkStatus();
  });
}

size_t cairn_batch_size(const cairn_batch* batch) noexcept {
  return batch == nullptr ? 0 : batch->items.size();
}

const char* cairn_batch_input(const cairn_batch* batch, size_t index, size_t* size_out) noexcept {
  if (index >= cairn_batch_size(batch)) return LendNothing(size_out);
  std::string_view input = batch->items[index]->input;
  if (size_out != nullptr) *size_out = input.size();
  return input.data();
}

cairn_status cairn_batch_set_output(cairn_batch* batch, size_t index, const char* output,
                                    size_t output_bytes, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckItem(batch, index));
    CAIRN_ASSIGN_OR_RETURN(std::string_view bytes, ReadBytes(output, output_bytes, "output"));
    batch->items[index]->output = bytes;
    return cairn::OkStatus();
  });
}

cairn_status cairn_batch_fail(cairn_batch* batch, size_t index, cairn_status status,
                              const char* message, size_t message_bytes,
                              cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckItem(batch, index));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadText(message, message_bytes, "message"));
    if (status == CAIRN_OK) return cairn::Error(Code::kInvalidArgument, "status is CAIRN_OK");
    batch->items[index]->status = Status(static_cast<Code>(status), std::string(text));
    return cairn::OkStatus();
  });
}
