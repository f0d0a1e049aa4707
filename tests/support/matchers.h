#pragma once

#include <gmock/gmock.h>

#include "base/status.h"

namespace cairn {

inline std::ostream& operator<<(std::ostream& out, const Status& status) {
  return out << CodeName(status.code()) << ": " << status.message();
}

namespace test {

inline const Status& StatusOf(const Status& status) { return status; }
template <typename T>
const Status& StatusOf(const Result<T>& result) {
  return result.status();
}

}  // namespace test
}  // namespace cairn

#define CAIRN_EXPECT_OK(expr)                                                    \
  do {                                                                           \
    const auto& cairn_outcome_ = (expr);                                         \
    EXPECT_TRUE(cairn_outcome_.ok()) << ::cairn::test::StatusOf(cairn_outcome_); \
  } while (false)
#define CAIRN_ASSERT_OK(expr)                                                    \
  do {                                                                           \
    const auto& cairn_outcome_ = (expr);                                         \
    ASSERT_TRUE(cairn_outcome_.ok()) << ::cairn::test::StatusOf(cairn_outcome_); \
  } while (false)

/// The expression fails with this code and a message that holds this text.
#define CAIRN_EXPECT_ERROR(expr, expected_code, expected_text)                              \
  do {                                                                                      \
    const auto& cairn_outcome_ = (expr);                                                    \
    const ::cairn::Status& cairn_status_ = ::cairn::test::StatusOf(cairn_outcome_);         \
    EXPECT_EQ(::cairn::CodeName(cairn_status_.code()), ::cairn::CodeName(expected_code))    \
        << cairn_status_;                                                                   \
    EXPECT_THAT(std::string(cairn_status_.message()), ::testing::HasSubstr(expected_text)); \
  } while (false)
