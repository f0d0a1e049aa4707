#include "base/sync_point.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cairn {
namespace {

class SyncPointTest : public ::testing::Test {
 protected:
  void TearDown() override { SyncPoint::ClearAll(); }
};

TEST_F(SyncPointTest, NothingHappensWhereNothingIsSet) {
  SyncPoint::Reach("nowhere");
  SyncPoint::Set("elsewhere", [] { FAIL(); });
  SyncPoint::Reach("nowhere");
}

TEST_F(SyncPointTest, TheCallbackRunsInTheThreadThatArrives) {
  std::thread::id seen;
  SyncPoint::Set("here", [&] { seen = std::this_thread::get_id(); });
  std::thread thread([] { SyncPoint::Reach("here"); });
  std::thread::id expected = thread.get_id();
  thread.join();
  EXPECT_EQ(seen, expected);
}

TEST_F(SyncPointTest, ALaterCallbackReplacesAndClearRemoves) {
  std::vector<int> calls;
  SyncPoint::Set("here", [&] { calls.push_back(1); });
  SyncPoint::Set("here", [&] { calls.push_back(2); });
  SyncPoint::Reach("here");
  SyncPoint::ClearAll();
  SyncPoint::Reach("here");
  EXPECT_EQ(calls, std::vector<int>{2});
}

TEST_F(SyncPointTest, ACallbackMayUseSyncPointsItself) {
  int inner = 0;
  SyncPoint::Set("inner", [&] { ++inner; });
  SyncPoint::Set("outer", [] {
    SyncPoint::Reach("inner");
    SyncPoint::ClearAll();
  });
  SyncPoint::Reach("outer");
  SyncPoint::Reach("outer");
  EXPECT_EQ(inner, 1);
}

TEST_F(SyncPointTest, TheMacroIsThereOnlyWhenAskedFor) {
  int reached = 0;
  SyncPoint::Set("macro", [&] { ++reached; });
  CAIRN_SYNC_POINT("macro");
#if defined(CAIRN_SYNC_POINTS)
  EXPECT_EQ(reached, 1);
#else
  EXPECT_EQ(reached, 0);
#endif
}

}  // namespace
}  // namespace cairn
