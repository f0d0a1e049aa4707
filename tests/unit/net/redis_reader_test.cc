#include "net/redis_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::net {
namespace {

using Kind = RedisReply::Kind;

std::unique_ptr<RedisReader> MakeReader(size_t max_reply_bytes = 1 << 20) {
  auto reader = RedisReader::Create(max_reply_bytes);
  CAIRN_EXPECT_OK(reader);
  return reader.ok() ? *std::move(reader) : nullptr;
}

class RedisReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisReader::IsSupported()) GTEST_SKIP() << "this build has no Redis client";
  }
};

TEST_F(RedisReaderTest, GarbageIsAnErrorForGood) {
  for (const char* garbage :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "*x\r\n", ":12a\r\n", "$-7\r\n", "*-3\r\n", "\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"
        "*1\r\n*1\r\n*1\r\n:1\r\n"}) {
    auto reader = MakeReader();
    RedisReply reply;
    CAIRN_ASSERT_OK(reader->Feed(garbage));
    CAIRN_EXPECT_ERROR(reader->Next(&reply), Code::kDataLoss, "no Redis reply");
    reader->Feed("+OK\r\n").IgnoreError("it may say so here or below");
    EXPECT_FALSE(reader->Next(&reply).ok()) << garbage;
  }
}

TEST_F(RedisReaderTest, AServerCannotMakeUsReserveMemory) {
  auto reader = MakeReader();
  RedisReply reply;
  CAIRN_ASSERT_OK(reader->Feed("*2147483647\r\n"));
  EXPECT_FALSE(reader->Next(&reply).ok());
}

TEST_F(RedisReaderTest, AReplyAboveTheBoundIsRefusedOthersAreNot) {
  auto reader = MakeReader(1024);
  RedisReply reply;
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "+OK\r\n";
  CAIRN_ASSERT_OK(reader->Feed(many));
  for (int i = 0; i < 1000; ++i) {
    auto is_there = reader->Next(&reply);
    CAIRN_ASSERT_OK(is_there);
    ASSERT_TRUE(*is_there);
  }
  CAIRN_ASSERT_OK(reader->Feed("$5000\r\n" + std::string(1000, 'x')));
  CAIRN_EXPECT_OK(reader->Next(&reply));
  CAIRN_ASSERT_OK(reader->Feed(std::string(1000, 'x')));
  CAIRN_EXPECT_ERROR(reader->Next(&reply), Code::kOutOfRange, "larger than 1024 bytes");
}

/// A random reply and the bytes it is sent as.
RedisReply RandomReply(std::mt19937_64* random, int depth, std::string* bytes) {
  RedisReply reply;
  reply.kind = static_cast<Kind>((*random)() % (depth > 0 ? 6 : 5));
  const auto text = [&](size_t max, bool any_byte) {
    std::string out((*random)() % (max + 1), 'x');
    for (char& c : out)
      c = any_byte ? static_cast<char>((*random)()) : static_cast<char>('a' + (*random)() % 26);
    return out;
  };
  switch (reply.kind) {
    case Kind::kNil:
      *bytes += (*random)() % 2 == 0 ? "$-1\r\n" : "*-1\r\n";
      break;
    case Kind::kString:
      reply.text = text(5000, true);
      *bytes += StrCat("$", reply.text.size(), "\r\n", reply.text, "\r\n");
      break;
    case Kind::kStatus:
    case Kind::kError:
      reply.text = text(30, false);
      *bytes += StrCat(reply.kind == Kind::kStatus ? "+" : "-", reply.text, "\r\n");
      break;
    case Kind::kInteger:
      reply.integer = static_cast<int64_t>((*random)()) >> ((*random)() % 63);
      *bytes += StrCat(":", reply.integer, "\r\n");
      break;
    case Kind::kArray: {
      const size_t size = (*random)() % 6;
      *bytes += StrCat("*", size, "\r\n");
      for (size_t i = 0; i < size; ++i) {
        reply.elements.push_back(RandomReply(random, depth - 1, bytes));
      }
    }
  }
  return reply;
}

void ExpectEqual(const RedisReply& got, const RedisReply& wanted) {
  ASSERT_EQ(got.kind, wanted.kind);
  EXPECT_EQ(got.integer, wanted.integer);
  EXPECT_EQ(got.text, wanted.text);
  ASSERT_EQ(got.elements.size(), wanted.elements.size());
  for (size_t i = 0; i < got.elements.size(); ++i) ExpectEqual(got.elements[i], wanted.elements[i]);
}

TEST_F(RedisReaderTest, AnyRepliesInAnyPiecesComeOutWhole) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    std::vector<RedisReply> wanted;
    for (int i = 0; i < 20; ++i) wanted.push_back(RandomReply(&random, 4, &bytes));
    auto reader = MakeReader();
    std::vector<RedisReply> got;
    for (size_t at = 0; at < bytes.size();) {
      const size_t piece =
          std::min<size_t>(bytes.size() - at, 1 + random() % (1 << (random() % 14)));
      CAIRN_ASSERT_OK(reader->Feed(std::string_view(bytes).substr(at, piece)));
      at += piece;
      for (;;) {
        RedisReply reply;
        auto is_there = reader->Next(&reply);
        CAIRN_ASSERT_OK(is_there);
        if (!*is_there) break;
        got.push_back(std::move(reply));
      }
    }
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) ExpectEqual(got[i], wanted[i]);
  }
}

}  // namespace
}  // namespace cairn::net
