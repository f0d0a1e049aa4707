#include "net/redis_pipeline.h"

#include <gtest/gtest.h>

namespace cairn::net {
namespace {

TEST(RedisPipelineTest, BytesOfAnyKindGoAsTheyAre) {
  RedisPipeline pipeline;
  EXPECT_TRUE(pipeline.empty());
  pipeline.Add({"SET", std::string_view("a\0\r\n", 4), ""}).Add({"PING"});
  EXPECT_EQ(pipeline.bytes(), std::string("*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n"
                                          "*1\r\n$4\r\nPING\r\n",
                                          43));
  EXPECT_EQ(pipeline.size(), 2u);
  pipeline.Clear();
  EXPECT_TRUE(pipeline.empty());
  EXPECT_EQ(pipeline.bytes(), "");
}

}  // namespace
}  // namespace cairn::net
