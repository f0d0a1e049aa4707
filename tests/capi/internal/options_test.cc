#include "capi/options.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace cairn::capi {

/// A struct that has grown since it was first published.
struct Grown {
  uint32_t struct_size;
  uint32_t first;
  uint64_t second;
  uint32_t third;
  uint32_t fourth;
};
template <>
inline constexpr uint32_t kFirstStructBytes<Grown> = 16;

namespace {

Grown Filled(uint32_t struct_size) { return {struct_size, 1, 2, 3, 4}; }

TEST(InputStruct, NullIsAllDefaults) {
  InputStruct<Grown> read(nullptr);
  EXPECT_TRUE(read.Check("options").ok());
  EXPECT_EQ(read->first, 0u);
}

TEST(InputStruct, FieldsThatAnOldCallerLacksAreZero) {
  Grown given = Filled(16);
  InputStruct<Grown> read(&given);
  EXPECT_TRUE(read.Check("options").ok());
  EXPECT_EQ(read->first, 1u);
  EXPECT_EQ(read->second, 2u);
  EXPECT_EQ(read->third, 0u);
  EXPECT_EQ(read->fourth, 0u);
}

TEST(InputStruct, TooSmallIsRefusedWithItsNumbers) {
  for (uint32_t size : {0u, 3u, 8u, 15u}) {
    Grown given = Filled(size);
    Status status = InputStruct<Grown>(&given).Check("options");
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    EXPECT_NE(status.message().find("options.struct_size is " + std::to_string(size)),
              std::string_view::npos);
  }
}

TEST(InputStruct, AFieldIsReadOnlyWhole) {
  Grown given = Filled(12);  // ends in the middle of `second`
  InputStruct<Grown> read(&given);
  EXPECT_EQ(read->first, 1u);
  EXPECT_EQ(read->second, 0u);
}

TEST(InputStruct, AnImpossibleSizeReadsNothing) {
  Grown given = Filled(kMaxStructBytes + 1);
  InputStruct<Grown> read(&given);
  EXPECT_EQ(read->first, 0u);
  EXPECT_EQ(read.Check("options").code(), Code::kInvalidArgument);
}

TEST(InputStruct, AnUnknownTailMustBeZero) {
  struct {
    Grown known;
    uint64_t unknown;
  } given{Filled(sizeof(Grown) + 8), 0};
  EXPECT_TRUE(InputStruct<Grown>(&given.known).Check("options").ok());
  given.unknown = 1;
  Status status = InputStruct<Grown>(&given.known).Check("options");
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_NE(status.message().find("byte 24"), std::string_view::npos);
}

TEST(InputStruct, NeedsNoAlignment) {
  char bytes[sizeof(Grown) + 1];
  Grown given = Filled(sizeof(Grown));
  std::memcpy(bytes + 1, &given, sizeof(given));
  InputStruct<Grown> read(reinterpret_cast<const Grown*>(bytes + 1));
  EXPECT_TRUE(read.Check("options").ok());
  EXPECT_EQ(read->fourth, 4u);
}

TEST(FillStruct, WritesOnlyWhatAnOldCallerHasRoomFor) {
  Grown out = Filled(16);
  ASSERT_TRUE(ClearStruct(&out, "stats").ok());
  EXPECT_EQ(out.second, 0u);
  EXPECT_EQ(out.third, 3u);
  FillStruct(&out, Grown{99, 11, 12, 13, 14});
  EXPECT_EQ(out.struct_size, 16u);
  EXPECT_EQ(out.first, 11u);
  EXPECT_EQ(out.second, 12u);
  EXPECT_EQ(out.third, 3u);
  EXPECT_EQ(out.fourth, 4u);
}

TEST(FillStruct, RefusesWhatItCannotKnow) {
  Grown out = Filled(8);
  EXPECT_EQ(ClearStruct(&out, "stats").code(), Code::kInvalidArgument);
  EXPECT_EQ(out.first, 1u);
  EXPECT_EQ(ClearStruct<Grown>(nullptr, "stats").code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace cairn::capi
