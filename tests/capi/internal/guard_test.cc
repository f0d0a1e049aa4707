#include "capi/guard.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>

namespace cairn::capi {
namespace {

TEST(Guard, PassesTheStatusOn) {
  cairn_error* err = nullptr;
  EXPECT_EQ(Guard(&err, [] { return OkStatus(); }), CAIRN_OK);
  EXPECT_EQ(err, nullptr);
  uint64_t index = 0;
  EXPECT_EQ(Guard(&err, [] { return Error(Code::kNotFound, "no ", 5).WithIndex(3); }),
            CAIRN_NOT_FOUND);
  EXPECT_EQ(cairn_error_code(err), CAIRN_NOT_FOUND);
  EXPECT_STREQ(cairn_error_message(err), "no 5");
  EXPECT_EQ(cairn_error_index(err, &index), 1);
  EXPECT_EQ(index, 3u);
  cairn_error_release(err);
}

TEST(Guard, TurnsExceptionsIntoStatuses) {
  cairn_error* err = nullptr;
  EXPECT_EQ(Guard(&err, []() -> Status { throw std::logic_error("oops"); }), CAIRN_INTERNAL);
  EXPECT_STREQ(cairn_error_message(err), "unexpected exception: oops");
  cairn_error_release(err);
  err = nullptr;
  EXPECT_EQ(Guard(&err, []() -> Status { throw 5; }), CAIRN_INTERNAL);
  EXPECT_EQ(cairn_error_code(err), CAIRN_INTERNAL);
  cairn_error_release(err);
}

TEST(Guard, RunningOutOfMemoryNeedsNoMemory) {
  cairn_error* err = nullptr;
  EXPECT_EQ(Guard(&err, []() -> Status { throw std::bad_alloc(); }), CAIRN_RESOURCE_EXHAUSTED);
  EXPECT_EQ(cairn_error_code(err), CAIRN_RESOURCE_EXHAUSTED);
  EXPECT_STREQ(cairn_error_message(err), "out of memory");
  uint64_t index = 7;
  EXPECT_EQ(cairn_error_index(err, &index), 0);
  cairn_error_release(err);
  cairn_error_release(err);  // it is static: releasing it does nothing
}

TEST(Guard, NeverOverwritesAnError) {
  cairn_error* first = nullptr;
  ASSERT_EQ(Fail(Error(Code::kAborted, "first"), &first), CAIRN_ABORTED);
  cairn_error* err = first;
  EXPECT_EQ(Guard(&err, [] { return Error(Code::kNotFound, "second"); }), CAIRN_NOT_FOUND);
  EXPECT_EQ(Guard(&err, []() -> Status { throw std::bad_alloc(); }), CAIRN_RESOURCE_EXHAUSTED);
  EXPECT_EQ(err, first);
  EXPECT_STREQ(cairn_error_message(err), "first");
  cairn_error_release(first);
}

TEST(Guard, AnErrorIsOptional) {
  EXPECT_EQ(Guard(nullptr, [] { return Error(Code::kNotFound, "x"); }), CAIRN_NOT_FOUND);
  EXPECT_EQ(Guard(nullptr, []() -> Status { throw 5; }), CAIRN_INTERNAL);
}

}  // namespace
}  // namespace cairn::capi
