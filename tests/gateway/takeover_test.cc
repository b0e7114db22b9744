// A store that the original wrote, taken over: served, listed, changed and rebalanced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/gateway.h"
#include "tests/support/generated_value.h"
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

// The first folder of a key is its bucket; what can not be a bucket's name S3 does not see.
TEST_P(Takeover, WhatLiesInABucketIsListedAndReadThroughS3) {
  const auto volumes = original_.StartVolumes();
  Gateway gateway(original_.GatewayFor());
  const std::vector<std::string> s3 = {"x-amz-expected-bucket-owner;"};
  std::map<std::string, std::string> listings;  // by bucket, as S3 lists it
  std::size_t seen = 0;
  for (const OriginalObject& object : original_.objects()) {
    const std::size_t slash = object.key.find('/', 1);
    if (slash == std::string::npos || object.unlinked) continue;
    const std::string bucket = object.key.substr(1, slash - 1);
    if (bucket.size() < 3 ||
        !std::all_of(bucket.begin(), bucket.end(), [](char c) { return c >= 'a' && c <= 'z'; })) {
      continue;
    }
    ++seen;
    if (!listings.contains(bucket)) {
      listings[bucket] =
          client_.Do({.url = gateway.url() + "/" + bucket + "?list-type=2", .headers = s3}).body;
    }
    const HttpResponse got = client_.Do({.url = gateway.url() + object.url, .headers = s3});
    EXPECT_EQ(got.status, 200) << object.key << got.body;
    EXPECT_EQ(Md5Hex(got.body), object.md5) << object.key;
    const std::string etag = got.Header("ETag");
    if (original_.md5sum()) {
      EXPECT_EQ(etag, "\"" + object.md5 + "\"") << object.key;
    } else {
      EXPECT_THAT(etag, ::testing::MatchesRegex("\"[0-9]+-" + std::to_string(object.size) + "\""));
    }
    EXPECT_THAT(got.Header("Last-Modified"), ::testing::EndsWith(" GMT")) << object.key;
    EXPECT_THAT(listings[bucket], ::testing::ContainsRegex(
                                      "<Key>" + object.key.substr(slash + 1) +
                                      "</Key><LastModified>[^<]*</LastModified><ETag>(&quot;|\")" +
                                      etag.substr(1, etag.size() - 2) + "(&quot;|\")</ETag>" +
                                      "<Size>" + std::to_string(object.size) + "</Size>"))
        << object.key;
  }
  EXPECT_GE(seen, 2U);
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
