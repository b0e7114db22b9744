// Volumes with a shared key: only the gateway writes, and clients read by links that it signed.
#include <gtest/gtest.h>

#include "tests/support/cluster.h"

namespace mkv::testing {
namespace {

class VolumeKey : public ::testing::Test {
 protected:
  Cluster cluster_{{.volume_key = "0123456789abcdef-shared"}};
};

TEST_F(VolumeKey, ValuesAreStoredReadAndDeletedThroughTheGateway) {
  for (const std::string key : {"/plain", "/with space + plus", "/%FF\xff\xff\xff", "/a?"}) {
    EXPECT_EQ(cluster_.Put(key, "value of " + key).status, 201);
    EXPECT_EQ(cluster_.Get(key).body, "value of " + key);
    EXPECT_EQ(cluster_.Delete(key).status, 204);
  }
  EXPECT_TRUE(cluster_.Files().empty());
}

TEST_F(VolumeKey, ALinkWithoutItsSignatureIsRefusedByTheVolume) {
  ASSERT_EQ(cluster_.Put("/key", "value").status, 201);
  const std::string link = cluster_.Head("/key").Header("Location");
  const std::size_t query = link.find('?');
  ASSERT_NE(query, std::string::npos) << link;
  EXPECT_EQ(cluster_.client().Get(link).status, 200);
  EXPECT_EQ(cluster_.client().Get(link.substr(0, query)).status, 403);
  // Another expiry is another signature.
  EXPECT_EQ(cluster_.client().Get(link + "0").status, 403);
}

}  // namespace
}  // namespace mkv::testing
