// A store that the original wrote, taken over: served, listed, changed and rebalanced.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/gateway.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/original_store.h"

namespace mkv::testing {
namespace {

class Takeover : public ::testing::TestWithParam<std::string> {
 protected:
  void ExpectAllServed(const Gateway& gateway, const std::string& balance) {
    for (const OriginalObject& object : original_.objects()) {
      if (object.unlinked) continue;
      const std::string url = gateway.url() + object.url;
      EXPECT_EQ(client_.Fetch(url).md5, object.md5) << object.key;
      EXPECT_EQ(client_.Do({.method = "HEAD", .url = url}).Header("Key-Balance"), balance)
          << object.key;
    }
  }
  int StatusOf(const std::string& method, const std::string& url) {
    return static_cast<int>(client_.Do({.method = method, .url = url}).status);
  }

  const OriginalStore original_{GetParam()};
  HttpClient client_;
};

TEST_P(Takeover, EveryKeyIsServedListedUnlinkedAndDeleted) {
  const auto volumes = original_.StartVolumes();
  Gateway gateway(original_.GatewayFor());
  ExpectAllServed(gateway, "balanced");
  for (const OriginalObject& object : original_.objects()) {
    const std::string url = gateway.url() + object.url;
    EXPECT_EQ(StatusOf("UNLINK", url), object.unlinked ? 404 : 204) << object.key;
    EXPECT_EQ(StatusOf("GET", url), 404) << object.key;
  }
  EXPECT_EQ(client_.Get(gateway.url() + "/?list").body, R"({"next":"","keys":[]})");
  for (const OriginalObject& object : original_.objects()) {
    EXPECT_EQ(StatusOf("DELETE", gateway.url() + object.url), 204) << object.key;
  }
  EXPECT_EQ(client_.Get(gateway.url() + "/?unlinked").body, R"({"next":"","keys":[]})");
  for (const auto& volume : volumes) EXPECT_TRUE(volume->Files().empty()) << volume->name();
}

// Onto one volume less, where there are more than replicas, or onto two more.
TEST_P(Takeover, EveryKeyIsRebalancedToOtherVolumes) {
  auto volumes = original_.StartVolumes();
  GatewayOptions options = original_.GatewayFor();
  std::unique_ptr<NginxVolume> left;
  if (options.volumes.size() == 5) {
    options.volumes.pop_back();
    left = std::move(volumes.back());
    volumes.pop_back();
  } else {
    for (int i = 0; i < 2; ++i) {
      volumes.push_back(std::make_unique<NginxVolume>(NginxVolumeOptions{
          .folder = original_.volume_folder(0).parent_path() / ("added" + std::to_string(i)),
          .host = "localhost",
          .subvolumes = original_.subvolumes()}));
      options.volumes.push_back(volumes.back()->name());
    }
  }
  Gateway gateway(std::move(options));
  ASSERT_EQ(gateway.Terminate(), 0);
  EXPECT_EQ(gateway.RunCommand({"rebalance"}), 0) << gateway.Log();
  if (left) {
    EXPECT_TRUE(left->Files().empty());
  }
  gateway.Start();
  ExpectAllServed(gateway, "balanced");
  std::size_t files = 0;
  for (const auto& volume : volumes) files += volume->Files().size();
  EXPECT_EQ(files, original_.objects().size() * original_.replicas());
}

INSTANTIATE_TEST_SUITE_P(All, Takeover, ::testing::ValuesIn(OriginalStore::Names()),
                         [](const auto& test) {
                           return test.param == "original-3x10" ? "From5To4" : "From3To5";
                         });

}  // namespace
}  // namespace mkv::testing
