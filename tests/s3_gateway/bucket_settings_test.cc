#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <utility>

#include "mkvcore/format/blob_path.h"
#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

class BucketSettingsTest : public S3GatewayTest {};

// Owner, ACL, tags and CORS rules are one blob: changes of one must not undo those of another.
TEST_F(BucketSettingsTest, ChangesAtTheSameTimeAreAllKept) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  constexpr int kRounds = 8;
  for (int round = 0; round < kRounds; ++round) {
    const std::string mark = fmt::format("round-{}", round);
    const bool is_public = round % 2 == 0;
    const std::pair<std::string, std::string> changes[] = {
        {"tagging",
         "<Tagging><TagSet><Tag><Key>x</Key><Value>" + mark + "</Value></Tag></TagSet></Tagging>"},
        {"cors", "<CORSConfiguration><CORSRule><AllowedOrigin>http://" + mark +
                     "</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"
                     "</CORSConfiguration>"},
        {is_public ? "acl=&x-amz-acl=public-read" : "acl=&x-amz-acl=private", ""}};
    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (const auto& [query, body] : changes) {
      const std::string url = cluster().gateway().url() + Presign("admin", "PUT", "/bkt", query);
      threads.emplace_back([url, &body = body, &failed] {
        HttpClient client;
        if (client.Put(url, body).status / 100 != 2) ++failed;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(Element(S3("admin", {.target = "/bkt?tagging"}).body, "Value"), mark);
    EXPECT_EQ(Element(S3("admin", {.target = "/bkt?cors"}).body, "AllowedOrigin"),
              "http://" + mark);
    const std::string acl = S3("admin", {.target = "/bkt?acl"}).body;
    EXPECT_EQ(acl.find("AllUsers") != std::string::npos, is_public);
  }
}

TEST_F(BucketSettingsTest, AreReadOfAVolumeOnce) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt", .headers = {"x-amz-acl: public-read"}})
                .status,
            200);
  EXPECT_EQ(S3("", {.target = "/bkt?list-type=2"}).status, 200);
  for (std::size_t i = 0; i < cluster().volume_count(); ++i) cluster().volume(i).Kill();
  EXPECT_EQ(S3("", {.target = "/bkt?list-type=2"}).status, 200);
}

TEST_F(BucketSettingsTest, ThatCanNotBeReadHideNoOtherBucket) {
  StartS3();
  for (const char* bucket : {"/aaa", "/lost", "/zzz"}) {
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = bucket}).status, 200);
  }
  const std::string path = BlobPath("/.mkv/bucket/lost", kPlain);
  for (const std::string& file : cluster().Files()) {
    if (!file.ends_with(path)) continue;
    const std::size_t slash = file.find('/');
    std::filesystem::remove(cluster().VolumeNamed(file.substr(0, slash)).folder().string() +
                            file.substr(slash));
  }
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  cluster().gateway().Start();
  const HttpResponse listed = S3("admin", {.target = "/"});
  EXPECT_EQ(listed.status, 200) << listed.body;
  EXPECT_NE(listed.body.find("<Name>aaa</Name>"), std::string::npos) << listed.body;
  EXPECT_NE(listed.body.find("<Name>zzz</Name>"), std::string::npos) << listed.body;
  EXPECT_EQ(listed.body.find("<Name>lost</Name>"), std::string::npos) << listed.body;
  EXPECT_NE(cluster().gateway().Log().find("bucket \"lost\""), std::string::npos)
      << cluster().gateway().Log();
}

TEST_F(BucketSettingsTest, OnlyItsOwnerChangesThem) {
  StartS3();
  ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b"}).status, 200);
  const S3Request change{
      .method = "PUT", .target = "/shared-b?acl", .headers = {"x-amz-acl: public-read"}};
  EXPECT_EQ(Code(S3("bob", change)), "AccessDenied");
  EXPECT_EQ(Code(S3("", change)), "AccessDenied");
  EXPECT_EQ(S3("alice", change).status, 200);
  EXPECT_EQ(S3("admin", change).status, 200);
  EXPECT_EQ(Element(S3("bob", {.target = "/shared-b?acl"}).body, "ID"), "alice");
}

TEST_F(BucketSettingsTest, TagsMayComeWithTheBucket) {
  StartS3();
  const auto create = [this](const std::string& tags) {
    return S3("alice", {.method = "PUT",
                        .target = "/shared-b",
                        .body = "<CreateBucketConfiguration><Tags>" + tags +
                                "</Tags></CreateBucketConfiguration>"});
  };
  const std::string tag = "<Tag><Key>team</Key><Value>a</Value></Tag>";
  EXPECT_EQ(Code(create(tag + tag)), "InvalidTag");
  EXPECT_EQ(Code(S3("alice", {.target = "/shared-b?tagging"})), "NoSuchBucket");
  EXPECT_EQ(create(tag).status, 200);
  EXPECT_EQ(Element(S3("alice", {.target = "/shared-b?tagging"}).body, "Key"), "team");
}

TEST_F(BucketSettingsTest, ThatExistsByItsKeysAloneBecomesOne) {
  StartS3();
  ASSERT_EQ(cluster()
                .client()
                .Do({.method = "PUT",
                     .url = cluster().gateway().url() + "/natural/key",
                     .headers = {"Authorization: Basic YWRtaW46YWRtaW4tc2VjcmV0"},
                     .body = "value"})
                .status,
            201);
  const S3Request change{
      .method = "PUT",
      .target = "/natural?tagging",
      .body = "<Tagging><TagSet><Tag><Key>x</Key><Value>y</Value></Tag></TagSet></Tagging>"};
  EXPECT_EQ(Code(S3("alice", change)), "AccessDenied");
  EXPECT_EQ(S3("admin", change).status, 204);
  EXPECT_EQ(Element(S3("admin", {.target = "/natural?acl"}).body, "ID"), "admin");
  EXPECT_EQ(S3("admin", {.target = "/natural/key"}).body, "value");
}

}  // namespace
}  // namespace mkv::testing
