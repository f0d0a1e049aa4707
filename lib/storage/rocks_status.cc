#include "storage/rocks_status.h"

namespace cairn::storage {
namespace {

Code IoCode(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return Code::kResourceExhausted;
  if (status.IsPathNotFound()) return Code::kDataLoss;  // a file that the manifest names is gone
  return Code::kIoError;
}

Code CodeOf(const rocksdb::Status& status) {
  switch (status.code()) {
    case rocksdb::Status::kOk:
      return Code::kOk;
    case rocksdb::Status::kNotFound:
      return Code::kNotFound;
    case rocksdb::Status::kCorruption:
      return Code::kDataLoss;
    case rocksdb::Status::kIOError:
      return IoCode(status);
    case rocksdb::Status::kNotSupported:
      return Code::kUnsupported;
    case rocksdb::Status::kInvalidArgument:
      return Code::kInvalidArgument;
    case rocksdb::Status::kTimedOut:
      return Code::kTimedOut;
    case rocksdb::Status::kAborted:
      return status.IsMemoryLimit() ? Code::kResourceExhausted : Code::kAborted;
    case rocksdb::Status::kBusy:
    case rocksdb::Status::kTryAgain:
    case rocksdb::Status::kIncomplete:
    case rocksdb::Status::kMergeInProgress:
      return Code::kUnavailable;
    case rocksdb::Status::kShutdownInProgress:
      return Code::kFailedPrecondition;
    case rocksdb::Status::kCompactionTooLarge:
      return Code::kResourceExhausted;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Status FromRocks(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return OkStatus();
  std::string_view kind = status.IsNoSpace() ? ": disk full: " : ": ";
  return Error(CodeOf(status), what, kind, status.ToString());
}

}  // namespace cairn::storage
