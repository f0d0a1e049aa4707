#include "embed/embedder.h"

#include <gtest/gtest.h>

namespace cairn::embed {
namespace {

TEST(EmbedderIdentityTest, NamesSpaceWithVersionAndGeneration) {
  EmbedderIdentity identity{"builtin", "1-512", 7};
  EXPECT_EQ(identity.ToString(), "builtin/1-512@7");
}

TEST(EmbedderIdentityTest, EveryPartCounts) {
  const EmbedderIdentity base{"a", "1", 0};
  EXPECT_EQ(base, (EmbedderIdentity{"a", "1", 0}));
  EXPECT_NE(base, (EmbedderIdentity{"b", "1", 0}));
  EXPECT_NE(base, (EmbedderIdentity{"a", "2", 0}));
  EXPECT_NE(base, (EmbedderIdentity{"a", "1", 1}));
}

}  // namespace
}  // namespace cairn::embed
