#include "storage/rocks_status.h"

#include <gtest/gtest.h>

#include "support/matchers.h"

namespace cairn::storage {
namespace {

using Rocks = rocksdb::Status;

TEST(RocksStatusTest, OkStaysOk) { CAIRN_EXPECT_OK(FromRocks(Rocks::OK(), "read")); }

TEST(RocksStatusTest, EveryFailureHasItsCode) {
  struct Case {
    Rocks rocks;
    Code code;
  };
  for (const Case& c :
       {Case{Rocks::NotFound("x"), Code::kNotFound}, Case{Rocks::Corruption("x"), Code::kDataLoss},
        Case{Rocks::IOError("x"), Code::kIoError}, Case{Rocks::PathNotFound("x"), Code::kDataLoss},
        Case{Rocks::NoSpace("x"), Code::kResourceExhausted},
        Case{Rocks::MemoryLimit("x"), Code::kResourceExhausted},
        Case{Rocks::CompactionTooLarge("x"), Code::kResourceExhausted},
        Case{Rocks::NotSupported("x"), Code::kUnsupported},
        Case{Rocks::InvalidArgument("x"), Code::kInvalidArgument},
        Case{Rocks::TimedOut("x"), Code::kTimedOut}, Case{Rocks::Aborted("x"), Code::kAborted},
        Case{Rocks::Busy("x"), Code::kUnavailable}, Case{Rocks::TryAgain("x"), Code::kUnavailable},
        Case{Rocks::Incomplete("x"), Code::kUnavailable},
        Case{Rocks::ShutdownInProgress("x"), Code::kFailedPrecondition},
        Case{Rocks::Expired("x"), Code::kInternal},
        Case{Rocks::ColumnFamilyDropped("x"), Code::kInternal}}) {
    EXPECT_EQ(CodeName(FromRocks(c.rocks, "read").code()), CodeName(c.code)) << c.rocks.ToString();
  }
}

TEST(RocksStatusTest, TheSentenceSaysWhatWasTriedAndOnWhichFile) {
  CAIRN_EXPECT_ERROR(FromRocks(Rocks::Corruption("bad block", "/db/7.sst"), "read of /db"),
                     Code::kDataLoss, "read of /db: ");
  CAIRN_EXPECT_ERROR(FromRocks(Rocks::Corruption("bad block", "/db/7.sst"), "read of /db"),
                     Code::kDataLoss, "/db/7.sst");
  CAIRN_EXPECT_ERROR(FromRocks(Rocks::NoSpace("While appending", "/db/7.log"), "commit to /db"),
                     Code::kResourceExhausted, "disk full");
}

}  // namespace
}  // namespace cairn::storage
