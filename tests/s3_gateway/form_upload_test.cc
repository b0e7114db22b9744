#include <fmt/format.h>

#include "tests/s3_gateway/s3_gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

class FormUploadTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b"}).status, 200);
  }

  static std::string Body(const Fields& fields, const std::string& content) {
    std::string body;
    for (const auto& [name, value] : fields) {
      body +=
          "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }
    return body + "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n" +
           "Content-Type: text/html\r\n\r\n" + content + "\r\n--B--\r\n";
  }
  HttpResponse Post(const Fields& fields, const std::string& content = "value") {
    return S3("", {.method = "POST",
                   .target = "/shared-b",
                   .headers = {"Content-Type: multipart/form-data; boundary=B"},
                   .body = Body(fields, content)});
  }

  // The fields of a form that `user` signed with these conditions.
  static Fields Signed(const User& user, const std::string& conditions, Fields fields,
                       const std::string& expiration = "2099-01-01T00:00:00Z") {
    const std::string now = Now();
    const std::string scope = now.substr(0, 8) + "/us-east-1/s3/aws4_request";
    const std::string policy = s3::Base64(fmt::format(
        R"({{"expiration": "{}", "conditions": [{{"bucket": "shared-b"}},
            {{"x-amz-algorithm": "AWS4-HMAC-SHA256"}}, {{"x-amz-date": "{}"}},
            {{"x-amz-credential": "{}/{}"}}{}]}})",
        expiration, now, user, scope, conditions));
    fields.insert(fields.end(),
                  {{"x-amz-algorithm", "AWS4-HMAC-SHA256"},
                   {"x-amz-credential", user + "/" + scope},
                   {"x-amz-date", now},
                   {"policy", policy},
                   {"x-amz-signature",
                    s3::Hex(s3::HmacSha256(
                        s3::DeriveSigningKey(user + "-secret", now.substr(0, 8), "us-east-1", "s3"),
                        policy))}});
    return fields;
  }
};

TEST_F(FormUploadTest, ASignedFormStoresTheFileWithAllThatItSays) {
  const HttpResponse response = Post(Signed(
      "alice",
      R"(, ["starts-with", "$key", "up/"], {"acl": "public-read"}, {"Content-Type": "text/x"},
         ["starts-with", "$x-amz-meta-a", ""], ["starts-with", "$tagging", ""],
         ["content-length-range", 1, 100])",
      {{"key", "up/${filename}"},
       {"acl", "public-read"},
       {"Content-Type", "text/x"},
       {"x-amz-meta-a", "of ${filename}"},
       {"tagging",
        "<Tagging><TagSet><Tag><Key>t</Key><Value>1</Value></Tag></TagSet></Tagging>"}}));
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_TRUE(response.Header("Location").ends_with("/shared-b/up/a%20b.txt"));
  const HttpResponse got = S3("", {.target = "/shared-b/up/a%20b.txt"});
  EXPECT_EQ(got.body, "value");
  EXPECT_EQ(got.Header("ETag"), response.Header("ETag"));
  EXPECT_EQ(got.Header("Content-Type"), "text/x");
  EXPECT_EQ(got.Header("x-amz-meta-a"), "of a b.txt");
  EXPECT_EQ(got.Header("x-amz-tagging-count"), "1");
}

TEST_F(FormUploadTest, AnswersAsTheFormWants) {
  const std::string any =
      R"(, ["starts-with", "$key", ""], ["starts-with", "$success_action_status",
      ""], ["starts-with", "$success_action_redirect", ""])";
  const auto post = [&](const Fields& more) {
    Fields fields = {{"key", "k&<"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return Post(Signed("alice", any, fields));
  };
  EXPECT_EQ(post({{"success_action_status", "200"}}).status, 200);
  EXPECT_EQ(post({{"success_action_status", "204"}}).status, 204);
  EXPECT_EQ(post({{"success_action_status", "418"}}).status, 204);
  const HttpResponse created = post({{"success_action_status", "201"}});
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(Element(created.body, "Key"), "k&amp;&lt;");
  EXPECT_EQ(Element(created.body, "Bucket"), "shared-b");
  const HttpResponse sent =
      post({{"success_action_redirect", "http://elsewhere.example/done?a=1"}});
  EXPECT_EQ(sent.status, 303);
  EXPECT_EQ(sent.Header("Location"),
            "http://elsewhere.example/done?a=1&bucket=shared-b&key=k%26%3C&etag=" +
                s3::UriEncode(sent.Header("ETag"), s3::Slash::kEncoded));
  EXPECT_EQ(post({{"success_action_redirect", "HTTPS://elsewhere.example"}}).status, 303);
  for (const char* nowhere :
       {"/relative", "foo", "javascript:alert(1)", "//elsewhere.example/", "http:foo",
        "http:///foo", "ftp://elsewhere.example/", "http://else where/%", "https:"}) {
    const HttpResponse stayed =
        post({{"success_action_redirect", nowhere}, {"success_action_status", "200"}});
    EXPECT_EQ(stayed.status, 200) << nowhere;
    EXPECT_NE(stayed.Header("Location").find("/shared-b/"), std::string::npos) << nowhere;
  }
}

TEST_F(FormUploadTest, WhatThePolicyDoesNotAllowIsNotStored) {
  const std::string key = R"(, ["starts-with", "$key", "up/"])";
  const std::string range = R"(, ["content-length-range", 3, 5])";
  const auto refused = [](const HttpResponse& response) {
    EXPECT_GE(response.status, 400);
    return fmt::format("{} {}", response.status, Code(response));
  };
  EXPECT_EQ(refused(Post(Signed("alice", key, {{"key", "other/k"}}))), "403 AccessDenied");
  EXPECT_EQ(refused(Post(Signed("alice", key, {{"key", "up/k"}, {"acl", "public-read"}}))),
            "403 AccessDenied");
  EXPECT_EQ(refused(Post(Signed("alice", key + range, {{"key", "up/k"}}), "123456")),
            "400 EntityTooLarge");
  EXPECT_EQ(refused(Post(Signed("alice", key + range, {{"key", "up/k"}}), "12")),
            "400 EntityTooSmall");
  EXPECT_EQ(refused(Post(Signed("alice", key, {{"key", "up/k"}}, "2001-01-01T00:00:00Z"))),
            "403 AccessDenied");
  Fields changed = Signed("alice", key, {{"key", "up/k"}});
  changed.back().second[0] = changed.back().second[0] == '0' ? '1' : '0';
  EXPECT_EQ(refused(Post(changed)), "403 SignatureDoesNotMatch");
  EXPECT_EQ(refused(Post(Signed("stranger", key, {{"key", "up/k"}}))), "403 InvalidAccessKeyId");
  EXPECT_EQ(refused(Post(Signed("reader", key, {{"key", "up/k"}}))), "403 AccessDenied");
  EXPECT_EQ(refused(Post({{"key", "up/k"}})), "403 AccessDenied");
  EXPECT_EQ(refused(Post(Signed("alice", key, {}))), "400 InvalidArgument");
  EXPECT_EQ(refused(S3("", {.method = "POST",
                            .target = "/shared-b",
                            .headers = {"Content-Type: multipart/form-data; boundary=B"},
                            .body = "no form"})),
            "400 MalformedPOSTRequest");
  EXPECT_EQ(Element(S3("alice", {.target = "/shared-b?list-type=2"}).body, "KeyCount"), "0");
}

TEST_F(FormUploadTest, AnUnsignedFormIsForBucketsThatAnybodyWrites) {
  EXPECT_EQ(Post({{"key", "k"}}).status, 403);
  ASSERT_EQ(
      S3("alice",
         {.method = "PUT", .target = "/shared-b?acl", .headers = {"x-amz-acl: public-read-write"}})
          .status,
      200);
  EXPECT_EQ(Post({{"key", "k"}}).status, 204);
  EXPECT_EQ(S3("alice", {.target = "/shared-b/k"}).body, "value");
}

// Nothing would hold it against that hash.
TEST_F(FormUploadTest, AFormWithASignedPayloadIsRefused) {
  ASSERT_EQ(
      S3("alice",
         {.method = "PUT", .target = "/shared-b?acl", .headers = {"x-amz-acl: public-read-write"}})
          .status,
      200);
  const std::string body = Body({{"key", "k"}}, "value");
  const HttpResponse response =
      S3("", {.method = "POST",
              .target = "/shared-b",
              .headers = {"Content-Type: multipart/form-data; boundary=B",
                          "x-amz-content-sha256: " + s3::Sha256Hex("another form")},
              .body = body});
  EXPECT_EQ(Code(response), "InvalidRequest") << response.body;
  EXPECT_EQ(S3("alice", {.target = "/shared-b/k"}).status, 404);
}

TEST_F(FormUploadTest, ChecksumsAreChecked) {
  const std::string conditions =
      R"(, ["starts-with", "$key", ""], ["starts-with", "$x-amz-checksum-crc32", ""])";
  const auto post = [&](const std::string& crc32) {
    return Post(Signed("alice", conditions, {{"key", "k"}, {"x-amz-checksum-crc32", crc32}}),
                "123456789");
  };
  EXPECT_EQ(Code(post("AAAAAA==")), "BadDigest");
  EXPECT_EQ(S3("alice", {.target = "/shared-b/k"}).status, 404);
  EXPECT_EQ(post("y/Q5Jg==").status, 204);
}

TEST_F(FormUploadTest, ALargeFileIsStreamed) {
  std::string content(8 << 20, 'x');
  for (std::size_t i = 0; i < content.size(); i += 1000) content[i] = "\r\n--B"[i % 5];
  const HttpResponse response =
      Post(Signed("alice", R"(, {"key": "large"})", {{"key", "large"}}), content);
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(S3("alice", {.target = "/shared-b/large"}).body, content);
}

// Whoever sends one is known by its fields alone, and a worker waits for them.
TEST_F(FormUploadTest, FormsThatDoNotArriveDoNotTakeAllWorkers) {
  constexpr int kMost = 64;
  const std::string head =
      "POST /shared-b HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  std::vector<RawConnection> stalled;
  for (int i = 0; i < kMost; ++i) {
    stalled.emplace_back(cluster().gateway().port());
    ASSERT_TRUE(stalled.back().Send(head));
  }
  std::string refused;
  for (int i = 0; i < 100 && !refused.starts_with("HTTP/1.1 503 "); ++i) {
    // As long as not all of the others are being waited for, it is as well, instead of one of them.
    stalled.emplace_back(cluster().gateway().port());
    ASSERT_TRUE(stalled.back().Send(head));
    refused = stalled.back().ReadResponse(false, std::chrono::milliseconds(100));
  }
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_EQ(Element(refused, "Code"), "SlowDown");
  EXPECT_NE(refused.find("Retry-After: "), std::string::npos);
  // One that is there waits for nobody.
  EXPECT_EQ(Post(Signed("alice", R"(, {"key": "k"})", {{"key", "k"}})).status, 204);
  stalled.clear();
  bool again = false;
  for (int i = 0; i < 100 && !again; ++i) {
    RawConnection one(cluster().gateway().port());
    ASSERT_TRUE(one.Send(head));
    again = one.ReadResponse(false, std::chrono::milliseconds(100)).empty();
  }
  EXPECT_TRUE(again) << "they gave their places back";
}

TEST_F(FormUploadTest, WhetherThereIsABucketIsToldToThoseWithRightsOnItsName) {
  const auto post = [this](const std::string& bucket, const Fields& fields) {
    return S3("", {.method = "POST",
                   .target = "/" + bucket,
                   .headers = {"Content-Type: multipart/form-data; boundary=B"},
                   .body = Body(fields, "value")});
  };
  const Fields unsigned_form = {{"key", "k"}};
  EXPECT_EQ(Code(post("shared-b", unsigned_form)), "AccessDenied");
  EXPECT_EQ(Code(post("shared-none", unsigned_form)), "AccessDenied");
  Fields form = Signed("alice", R"(, {"key": "k"})", unsigned_form);
  EXPECT_EQ(post("shared-b", form).status, 204);
  EXPECT_EQ(Code(post("none", form)), "AccessDenied") << "alice has no rights on that name";
  EXPECT_EQ(Code(post("shared-none", form)), "NoSuchBucket");
}

}  // namespace
}  // namespace mkv::testing
