#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "embed/embedder.h"
#include "support/matchers.h"

namespace cairn::embed {
namespace {

/// What the host sees.
struct Host {
  int32_t answer = 0;
  int calls = 0;
  int frees = 0;
  int32_t purpose = -1;
  std::vector<std::string> texts;
};

int32_t Embed(const char* const* texts, const size_t* text_bytes, size_t count, int32_t purpose,
              float* vectors_out, void* user_data) {
  auto* host = static_cast<Host*>(user_data);
  ++host->calls;
  host->purpose = purpose;
  for (size_t i = 0; i < count; ++i) {
    host->texts.emplace_back(texts[i], text_bytes[i]);
    vectors_out[2 * i] = static_cast<float>(text_bytes[i]);
    vectors_out[2 * i + 1] = static_cast<float>(i);
  }
  return host->answer;
}

void Free(void* user_data) { ++static_cast<Host*>(user_data)->frees; }

HostCallback CallbackTo(Host* host) { return {&Embed, host, &Free}; }

TEST(CallbackEmbedderTest, FreesOnceWhenThereIsNoFunction) {
  Host host;
  HostCallback callback{nullptr, &host, &Free};
  CAIRN_EXPECT_ERROR(MakeCallbackEmbedder({"x", "1", 0}, 2, callback), Code::kInvalidArgument,
                     "no function");
  EXPECT_EQ(host.frees, 1);
}

TEST(CallbackEmbedderTest, FreesOnceWhenTheDimensionIsZero) {
  Host host;
  CAIRN_EXPECT_ERROR(MakeCallbackEmbedder({"x", "1", 0}, 0, CallbackTo(&host)),
                     Code::kInvalidArgument, "dimension");
  EXPECT_EQ(host.frees, 1);
}

TEST(CallbackEmbedderTest, FreesOnceWhenThereIsNoName) {
  Host host;
  CAIRN_EXPECT_ERROR(MakeCallbackEmbedder({}, 2, CallbackTo(&host)), Code::kInvalidArgument,
                     "name");
  EXPECT_EQ(host.frees, 1);
}

TEST(CallbackEmbedderTest, FreesOnceWhenTheEmbedderGoes) {
  Host host;
  auto embedder = MakeCallbackEmbedder({"x", "1", 0}, 2, CallbackTo(&host));
  CAIRN_ASSERT_OK(embedder);
  EXPECT_EQ(host.frees, 0);
  embedder->reset();
  EXPECT_EQ(host.frees, 1);
}

TEST(CallbackEmbedderTest, FreeMayBeNull) {
  Host host;
  auto embedder = MakeCallbackEmbedder({"x", "1", 0}, 2, {&Embed, &host, nullptr});
  CAIRN_ASSERT_OK(embedder);
  embedder->reset();
  EXPECT_EQ(host.frees, 0);
}

TEST(CallbackEmbedderTest, FailureOfTheHostIsReportedWithItsCode) {
  Host host;
  host.answer = 42;
  auto embedder = MakeCallbackEmbedder({"mine", "1", 0}, 2, CallbackTo(&host));
  CAIRN_ASSERT_OK(embedder);
  std::vector<std::string_view> texts{"a"};
  std::vector<float> out(2);
  Status status = (*embedder)->Embed(texts, Purpose::kDocument, out.data());
  CAIRN_EXPECT_ERROR(status, Code::kUnavailable, "mine failed with code 42");
}

TEST(CallbackEmbedderTest, HandsOverTextsPurposeAndVectors) {
  Host host;
  auto embedder = MakeCallbackEmbedder({"mine", "3", 0}, 2, CallbackTo(&host));
  CAIRN_ASSERT_OK(embedder);
  EXPECT_EQ((*embedder)->dim(), 2U);
  EXPECT_EQ((*embedder)->identity().ToString(), "mine/3@0");
  const std::string with_nul("a\0b", 3);
  std::vector<std::string_view> texts{with_nul, std::string_view(), "four"};
  std::vector<float> out(6);
  CAIRN_ASSERT_OK((*embedder)->Embed(texts, Purpose::kQuery, out.data()));
  EXPECT_EQ(host.texts, (std::vector<std::string>{with_nul, "", "four"}));
  EXPECT_EQ(host.purpose, 1);
  EXPECT_EQ(out, (std::vector<float>{3, 0, 0, 1, 4, 2}));
}

TEST(CallbackEmbedderTest, NoTextsMakeNoCall) {
  Host host;
  auto embedder = MakeCallbackEmbedder({"mine", "3", 0}, 2, CallbackTo(&host));
  CAIRN_ASSERT_OK(embedder);
  CAIRN_EXPECT_OK((*embedder)->Embed({}, Purpose::kQuery, nullptr));
  EXPECT_EQ(host.calls, 0);
}

}  // namespace
}  // namespace cairn::embed
