#include <fmt/format.h>

#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

class TaggingTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  }
  static std::string Tagging(const std::string& key, const std::string& value) {
    return "<Tagging><TagSet><Tag><Key>" + key + "</Key><Value>" + value +
           "</Value></Tag></TagSet></Tagging>";
  }
};

TEST_F(TaggingTest, TagsOfAnObjectComeBackAndItsTimeStays) {
  const HttpResponse put = S3("admin", {.method = "PUT",
                                        .target = "/bkt/k",
                                        .headers = {"x-amz-tagging: a=1&b%20c=%C3%BC"},
                                        .body = "value"});
  ASSERT_EQ(put.status, 200) << put.body;
  const HttpResponse got = S3("admin", {.target = "/bkt/k?tagging"});
  EXPECT_EQ(Element(got.body, "TagSet"),
            "<Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b c</Key><Value>ü</Value></Tag>");
  const HttpResponse before = S3("admin", {.method = "HEAD", .target = "/bkt/k"});
  EXPECT_EQ(before.Header("x-amz-tagging-count"), "2");

  EXPECT_EQ(
      S3("admin", {.method = "PUT", .target = "/bkt/k?tagging", .body = Tagging("x", "y")}).status,
      200);
  const HttpResponse after = S3("admin", {.target = "/bkt/k"});
  EXPECT_EQ(after.body, "value");
  EXPECT_EQ(after.Header("x-amz-tagging-count"), "1");
  EXPECT_EQ(after.Header("Last-Modified"), before.Header("Last-Modified"));
  EXPECT_EQ(after.Header("ETag"), before.Header("ETag"));

  EXPECT_EQ(S3("admin", {.method = "DELETE", .target = "/bkt/k?tagging"}).status, 204);
  EXPECT_EQ(Element(S3("admin", {.target = "/bkt/k?tagging"}).body, "TagSet"), "");
  EXPECT_FALSE(
      S3("admin", {.method = "HEAD", .target = "/bkt/k"}).HasHeader("x-amz-tagging-count"));
  EXPECT_EQ(Code(S3("admin", {.target = "/bkt/absent?tagging"})), "NoSuchKey");
  EXPECT_EQ(Code(S3("admin",
                    {.method = "PUT", .target = "/bkt/absent?tagging", .body = Tagging("x", "y")})),
            "NoSuchKey");
}

TEST_F(TaggingTest, AnObjectThatTheNativeApiWroteGetsTags) {
  const HttpResponse put =
      cluster().client().Do({.method = "PUT",
                             .url = cluster().gateway().url() + "/bkt/native",
                             .headers = {"Authorization: Basic YWRtaW46YWRtaW4tc2VjcmV0"},
                             .body = "native value"});
  ASSERT_EQ(put.status, 201) << put.body;
  ASSERT_EQ(
      S3("admin", {.method = "PUT", .target = "/bkt/native?tagging", .body = Tagging("x", "y")})
          .status,
      200);
  EXPECT_EQ(S3("admin", {.target = "/bkt/native"}).body, "native value");
  EXPECT_EQ(Element(S3("admin", {.target = "/bkt/native?tagging"}).body, "Key"), "x");
}

TEST_F(TaggingTest, CopiesTakeTagsAlongOrReplaceThem) {
  ASSERT_EQ(S3("admin", {.method = "PUT",
                         .target = "/bkt/from",
                         .headers = {"x-amz-tagging: a=1"},
                         .body = "value"})
                .status,
            200);
  const auto copy = [this](const std::string& to, std::vector<std::string> headers) {
    headers.emplace_back("x-amz-copy-source: /bkt/from");
    const HttpResponse response =
        S3("admin", {.method = "PUT", .target = "/bkt/" + to, .headers = std::move(headers)});
    EXPECT_EQ(response.status, 200) << response.body;
    return Element(S3("admin", {.target = "/bkt/" + to + "?tagging"}).body, "TagSet");
  };
  EXPECT_EQ(copy("kept", {}), "<Tag><Key>a</Key><Value>1</Value></Tag>");
  EXPECT_EQ(copy("replaced", {"x-amz-tagging-directive: REPLACE", "x-amz-tagging: b=2"}),
            "<Tag><Key>b</Key><Value>2</Value></Tag>");
  EXPECT_EQ(copy("from", {"x-amz-tagging-directive: REPLACE", "x-amz-tagging: c=3"}),
            "<Tag><Key>c</Key><Value>3</Value></Tag>");
  EXPECT_EQ(S3("admin", {.target = "/bkt/from"}).body, "value");
}

TEST_F(TaggingTest, BadTagsAreRefusedAndNothingIsWritten) {
  EXPECT_EQ(Code(S3("admin", {.method = "PUT",
                              .target = "/bkt/k",
                              .headers = {"x-amz-tagging: a=1&a=2"},
                              .body = "value"})),
            "InvalidArgument");
  EXPECT_EQ(S3("admin", {.method = "HEAD", .target = "/bkt/k"}).status, 404);
}

TEST_F(TaggingTest, TagsSurviveARebuild) {
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = "value"}).status, 200);
  for (const char* value : {"old", "new"}) {
    ASSERT_EQ(
        S3("admin", {.method = "PUT", .target = "/bkt/k?tagging", .body = Tagging("x", value)})
            .status,
        200);
  }
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt?tagging", .body = Tagging("bucket", "1")})
                .status,
            204);
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  std::filesystem::remove_all(cluster().gateway().options().index);
  ASSERT_EQ(cluster().gateway().RunCommand({"rebuild"}), 0) << cluster().gateway().Log();
  cluster().gateway().Start();
  EXPECT_EQ(Element(S3("admin", {.target = "/bkt/k?tagging"}).body, "Value"), "new");
  EXPECT_EQ(Element(S3("admin", {.target = "/bkt?tagging"}).body, "Key"), "bucket");
}

TEST_F(TaggingTest, BucketsHaveTags) {
  const HttpResponse none = S3("admin", {.target = "/bkt?tagging"});
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(Code(none), "NoSuchTagSet");
  std::string many = "<Tagging><TagSet>";
  for (int i = 0; i < 50; ++i) many += fmt::format("<Tag><Key>k{}</Key><Value/></Tag>", i);
  EXPECT_EQ(
      S3("admin", {.method = "PUT", .target = "/bkt?tagging", .body = many + "</TagSet></Tagging>"})
          .status,
      204);
  EXPECT_NE(S3("admin", {.target = "/bkt?tagging"}).body.find("<Key>k49</Key>"), std::string::npos);
  many += "<Tag><Key>k50</Key><Value/></Tag></TagSet></Tagging>";
  EXPECT_EQ(Code(S3("admin", {.method = "PUT", .target = "/bkt?tagging", .body = many})),
            "BadRequest");
  EXPECT_EQ(S3("admin", {.method = "DELETE", .target = "/bkt?tagging"}).status, 204);
  EXPECT_EQ(Code(S3("admin", {.target = "/bkt?tagging"})), "NoSuchTagSet");
}

}  // namespace
}  // namespace mkv::testing
