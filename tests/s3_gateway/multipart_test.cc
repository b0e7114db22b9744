// Multipart uploads over the running gateway: what each operation answers.
#include "tests/s3_gateway/multipart_test.h"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "s3api/checksum/checksum.h"
#include "s3api/checksum/digest_text.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Sum(s3::ChecksumAlgorithm algorithm, std::string_view bytes) {
  return s3::Base64(s3::ComputeChecksum(algorithm, bytes).value);
}

TEST_F(MultipartTest, PartsBecomeOneObjectInTheOrderOfTheirNumbers) {
  StartWithBucket();
  const std::string id = Create(
      "/shared-b/a%20b", {"Content-Type: text/x-test", "x-amz-meta-m: 1", "x-amz-tagging: t=1"});
  const std::string second = Upload("/shared-b/a%20b", id, 7, "the end");
  const std::string first = Upload("/shared-b/a%20b", id, 2, Bytes(1));
  EXPECT_EQ(Code(Get("/shared-b/a%20b")), "NoSuchKey") << "nothing is seen before it is complete";

  const HttpResponse done = Complete("/shared-b/a%20b", id, {{2, first}, {7, second}});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(Element(done.body, "Bucket"), "shared-b");
  EXPECT_EQ(Element(done.body, "Key"), "a b");
  EXPECT_EQ(Element(done.body, "Location"), "http://" + Host() + "/shared-b/a%20b");
  const std::string etag = Element(done.body, "ETag");
  EXPECT_THAT(etag, HasSubstr("-2"));

  const HttpResponse got = Get("/shared-b/a%20b");
  EXPECT_EQ(got.body, Bytes(1) + "the end");
  EXPECT_EQ(got.Header("ETag"), etag);
  EXPECT_EQ(got.Header("Content-Type"), "text/x-test");
  EXPECT_EQ(got.Header("x-amz-meta-m"), "1");
  EXPECT_EQ(got.Header("x-amz-tagging-count"), "1");
  EXPECT_EQ(Get("/shared-b/a%20b", {"If-None-Match: " + etag}).status, 304);
  EXPECT_THAT(Get("/shared-b?list-type=2").body, HasSubstr(etag.substr(1, 20)));
  EXPECT_EQ(Code(Send("/shared-b/a%20b", id, 1, "late")), "NoSuchUpload");
  EXPECT_EQ(Code(Abort("/shared-b/a%20b", id)), "NoSuchUpload");
}

TEST_F(MultipartTest, AskedAgainGivesTheSameAnswer) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  const std::string etag = Upload("/shared-b/k", id, 1, "value");
  const HttpResponse once = Complete("/shared-b/k", id, {{1, etag}}, {"If-None-Match: *"});
  ASSERT_EQ(once.status, 200) << once.body;
  const HttpResponse twice = Complete("/shared-b/k", id, {{1, etag}}, {"If-None-Match: *"});
  EXPECT_EQ(twice.status, 200);
  EXPECT_EQ(twice.body, once.body);
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{2, etag}})), "NoSuchUpload");
  EXPECT_EQ(Code(Complete("/shared-b/other", id, {{1, etag}})), "NoSuchUpload");
  EXPECT_EQ(Code(S3("admin", {.method = "POST",
                              .target = "/shared-b/k?uploadId=" + id,
                              .body = ListXml({{1, etag}})})),
            "NoSuchUpload")
      << "another user's";
}

TEST_F(MultipartTest, TheListMustBeRight) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  const std::string small = Upload("/shared-b/k", id, 1, "small");
  const std::string last = Upload("/shared-b/k", id, 2, "last");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{2, last}, {1, small}})), "InvalidPartOrder");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{1, small}, {1, small}})), "InvalidPartOrder");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{1, last}})), "InvalidPart");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{3, last}})), "InvalidPart");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{0, last}})), "InvalidArgument");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {})), "MalformedXML");
  const HttpResponse too_small = Complete("/shared-b/k", id, {{1, small}, {2, last}});
  EXPECT_EQ(too_small.status, 400);
  EXPECT_EQ(Code(too_small), "EntityTooSmall");
  EXPECT_EQ(Element(too_small.body, "MinSizeAllowed"), "5242880");
  EXPECT_EQ(Element(too_small.body, "PartNumber"), "1");
  EXPECT_EQ(
      S3("alice", {.method = "POST", .target = "/shared-b/k?uploadId=" + id, .body = "<x"}).status,
      400);
  EXPECT_EQ(Code(Get("/shared-b/k")), "NoSuchKey");
  EXPECT_EQ(Complete("/shared-b/k", id, {{2, last}}).status, 200) << "and may be sent again, right";
  EXPECT_EQ(Get("/shared-b/k").body, "last") << "a part that the list does not name is dropped";
}

TEST_F(MultipartTest, PartsHaveTheirLimits) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  for (const char* number : {"0", "10001", "-1", "x", ""}) {
    EXPECT_EQ(Code(S3("alice", {.method = "PUT",
                                .target = "/shared-b/k?partNumber=" + std::string(number) +
                                          "&uploadId=" + id,
                                .body = "x"})),
              "InvalidArgument")
        << number;
  }
  EXPECT_EQ(Send("/shared-b/k", id, 10'000, "x").status, 200);
  EXPECT_EQ(Code(Send("/shared-b/k", "nothing", 1, "x")), "NoSuchUpload");
  const HttpResponse huge = cluster().client().Do(
      {.method = "PUT",
       .url = cluster().gateway().url() +
              Presign("alice", "PUT", "/shared-b/k", "partNumber=1&uploadId=" + id),
       .headers = {"Content-Length: 5368709121", "Expect: 100-continue"},
       .producer = [](std::span<char>) { return std::size_t{0}; },
       .size = 5'368'709'121});
  EXPECT_EQ(Code(huge), "EntityTooLarge");
}

TEST_F(MultipartTest, APartThatIsSentAgainReplacesTheFirst) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  const std::string old = Upload("/shared-b/k", id, 1, "old");
  const std::string now = Upload("/shared-b/k", id, 1, "new");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{1, old}})), "InvalidPart");
  EXPECT_EQ(Complete("/shared-b/k", id, {{1, now}}).status, 200);
  EXPECT_EQ(Get("/shared-b/k").body, "new");
}

TEST_F(MultipartTest, IsBoundToBucketKeyAndUser) {
  StartWithBucket();
  ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-1"}).status, 200);
  const std::string id = Create("/shared-1/k");
  const std::string etag = Upload("/shared-1/k", id, 1, "mine");
  EXPECT_EQ(Code(Send("/shared-b/k", id, 1, "x")), "NoSuchUpload");
  EXPECT_EQ(Code(Send("/shared-1/other", id, 1, "x")), "NoSuchUpload");
  for (const char* user : {"bob", "admin"}) {
    EXPECT_EQ(
        Code(S3(user, {.method = "PUT", .target = PartTarget("/shared-1/k", id, 1), .body = "x"})),
        "AccessDenied")
        << user;
    EXPECT_EQ(Code(S3(user, {.method = "POST",
                             .target = "/shared-1/k?uploadId=" + id,
                             .body = ListXml({{1, etag}})})),
              "AccessDenied")
        << user;
  }
  EXPECT_EQ(Code(S3("bob", {.method = "DELETE", .target = "/shared-1/k?uploadId=" + id})),
            "AccessDenied");
  EXPECT_EQ(Code(S3("bob", {.target = "/shared-1/k?uploadId=" + id})), "AccessDenied");
  EXPECT_THAT(S3("admin", {.target = "/shared-1/k?uploadId=" + id}).body, HasSubstr(etag));
  EXPECT_EQ(S3("", {.method = "DELETE", .target = "/shared-1/k?uploadId=" + id}).status, 403);
  EXPECT_EQ(S3("admin", {.method = "DELETE", .target = "/shared-1/k?uploadId=" + id}).status, 204)
      << "an admin cleans up";
  EXPECT_EQ(Code(Abort("/shared-1/k", id)), "NoSuchUpload");
}

TEST_F(MultipartTest, ConditionsAreThoseOfTheMomentOfItsEnd) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  const std::string etag = Upload("/shared-b/k", id, 1, "multipart");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{1, etag}}, {"If-Match: \"x\""})), "NoSuchKey");
  const HttpResponse put =
      S3("alice", {.method = "PUT", .target = "/shared-b/k", .body = "there first"});
  ASSERT_EQ(put.status, 200);
  EXPECT_EQ(Code(Complete("/shared-b/k", id, {{1, etag}}, {"If-None-Match: *"})),
            "PreconditionFailed");
  EXPECT_EQ(Get("/shared-b/k").body, "there first");
  EXPECT_EQ(Complete("/shared-b/k", id, {{1, etag}}, {"If-Match: " + put.Header("ETag")}).status,
            200);
  EXPECT_EQ(Get("/shared-b/k").body, "multipart");
}

TEST_F(MultipartTest, ChecksumsOfTheWholeObject) {
  StartWithBucket();
  const std::string one = Bytes(1);
  const std::string two = "the end";
  const auto crc = s3::ChecksumAlgorithm::kCrc64Nvme;
  const std::string id = Create("/shared-b/k", {"x-amz-checksum-algorithm: CRC64NVME"});
  const HttpResponse first =
      Send("/shared-b/k", id, 1, one, {"x-amz-checksum-crc64nvme: " + Sum(crc, one)});
  EXPECT_EQ(first.Header("x-amz-checksum-crc64nvme"), Sum(crc, one));
  const HttpResponse second = Send("/shared-b/k", id, 2, two);
  EXPECT_EQ(second.Header("x-amz-checksum-crc64nvme"), Sum(crc, two)) << "computed by the server";
  EXPECT_EQ(Code(Send("/shared-b/k", id, 2, two, {"x-amz-checksum-crc64nvme: AAAAAAAAAAA="})),
            "BadDigest");
  EXPECT_EQ(Code(Send("/shared-b/k", id, 2, two,
                      {"x-amz-checksum-crc32: " + Sum(s3::ChecksumAlgorithm::kCrc32, two)})),
            "InvalidRequest");
  const List list = {{1, first.Header("ETag")}, {2, second.Header("ETag")}};
  EXPECT_EQ(Code(Complete("/shared-b/k", id, list, {"x-amz-checksum-crc64nvme: AAAAAAAAAAA="})),
            "BadDigest");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, list, {"x-amz-checksum-sha512: AAAA"})),
            "InvalidRequest");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, list, {"x-amz-checksum-type: COMPOSITE"})),
            "InvalidRequest");
  EXPECT_EQ(Code(Complete("/shared-b/k", id, list, {"x-amz-mp-object-size: 1"})), "InvalidRequest");
  const HttpResponse done = Complete(
      "/shared-b/k", id, list,
      {"x-amz-checksum-crc64nvme: " + Sum(crc, one + two), "x-amz-checksum-type: FULL_OBJECT",
       "x-amz-mp-object-size: " + std::to_string(one.size() + two.size())});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(Element(done.body, "ChecksumCRC64NVME"), Sum(crc, one + two));
  EXPECT_EQ(Element(done.body, "ChecksumType"), "FULL_OBJECT");
  const HttpResponse got = Get("/shared-b/k", {"x-amz-checksum-mode: ENABLED"});
  EXPECT_EQ(got.Header("x-amz-checksum-crc64nvme"), Sum(crc, one + two));
  EXPECT_EQ(Get("/shared-b/k?partNumber=2", {"x-amz-checksum-mode: ENABLED"})
                .Header("x-amz-checksum-crc64nvme"),
            Sum(crc, two));
}

TEST_F(MultipartTest, ChecksumsOfTheChecksums) {
  StartWithBucket();
  const auto sha = s3::ChecksumAlgorithm::kSha256;
  const std::string id = Create("/shared-b/k", {"x-amz-checksum-algorithm: SHA256"});
  const std::string one = Bytes(1);
  const List list = {{1, Upload("/shared-b/k", id, 1, one)},
                     {2, Upload("/shared-b/k", id, 2, "two")}};
  const std::string expected =
      Sum(sha, s3::ComputeChecksum(sha, one).value + s3::ComputeChecksum(sha, "two").value);
  const HttpResponse done = Complete("/shared-b/k", id, list);
  EXPECT_EQ(Element(done.body, "ChecksumSHA256"), expected + "-2");
  EXPECT_EQ(Element(done.body, "ChecksumType"), "COMPOSITE");
  const HttpResponse head =
      S3("alice",
         {.method = "HEAD", .target = "/shared-b/k", .headers = {"x-amz-checksum-mode: ENABLED"}});
  EXPECT_EQ(head.Header("x-amz-checksum-sha256"), expected + "-2");
  EXPECT_EQ(head.Header("x-amz-checksum-type"), "COMPOSITE");
}

// They take as long as they like, and what gives memory back must not wait for them.
TEST_F(MultipartTest, SlowPartsOnTheirWayToAVolumeDoNotHoldUpACompletion) {
  StartS3({"-multipart-memory=2M"});
  ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b"}).status, 200);
  const std::string id = Create("/shared-b/k");
  const List list = {{1, Upload("/shared-b/k", id, 1, "one")}};
  const std::string slow = Create("/shared-b/slow");
  std::vector<std::unique_ptr<RawConnection>> clients;
  for (int i = 1; i <= 20; ++i) {
    auto client = std::make_unique<RawConnection>(cluster().gateway().port());
    std::string target = Presign("alice", "PUT", "/shared-b/slow",
                                 "partNumber=" + std::to_string(i) + "&uploadId=" + slow);
    client->Send("PUT " + target + " HTTP/1.1\r\nHost: " + Host() +
                 "\r\nContent-Length: 6000000\r\n\r\n" + std::string(300'000, 'x'));
    clients.push_back(std::move(client));
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Complete("/shared-b/k", id, list).status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

// S3 gives a copy, which is one part, a checksum of the whole object.
TEST_F(MultipartTest, ACopyGetsTheChecksumOfTheWholeWhereItFollowsFromThoseOfTheParts) {
  StartWithBucket();
  const std::string one = Bytes(1, kPart + 12'345);
  const std::string two = "the end";
  const auto copy = [this](const std::string& to, std::vector<std::string> headers = {}) {
    headers.emplace_back("x-amz-copy-source: /shared-b/k");
    return S3("alice", {.method = "PUT", .target = to, .headers = std::move(headers)});
  };
  const auto head = [this](const std::string& target) {
    return S3("alice",
              {.method = "HEAD", .target = target, .headers = {"x-amz-checksum-mode: ENABLED"}});
  };
  for (const auto algorithm : {s3::ChecksumAlgorithm::kCrc32, s3::ChecksumAlgorithm::kCrc32c,
                               s3::ChecksumAlgorithm::kSha1, s3::ChecksumAlgorithm::kSha256}) {
    const std::string name(Name(algorithm));
    const std::string header(HeaderName(algorithm));
    const std::string id = Create(
        "/shared-b/k", {"x-amz-checksum-algorithm: " + name, "x-amz-checksum-type: COMPOSITE"});
    const List list = {{1, Upload("/shared-b/k", id, 1, one)},
                       {2, Upload("/shared-b/k", id, 2, two)}};
    ASSERT_EQ(Complete("/shared-b/k", id, list).status, 200) << name;
    const std::string of_parts = head("/shared-b/k").Header(header);
    EXPECT_THAT(of_parts, HasSubstr("-2"));

    ASSERT_EQ(copy("/shared-b/copy").status, 200) << name;
    const HttpResponse copied = head("/shared-b/copy");
    EXPECT_EQ(copied.Header(header), IsCrc(algorithm) ? Sum(algorithm, one + two) : "");
    EXPECT_EQ(copied.Header("x-amz-checksum-type"), IsCrc(algorithm) ? "FULL_OBJECT" : "");

    ASSERT_EQ(copy("/shared-b/k", {"x-amz-metadata-directive: REPLACE"}).status, 200) << name;
    EXPECT_EQ(head("/shared-b/k").Header(header), of_parts) << "its bytes stayed where they were";
    EXPECT_EQ(head("/shared-b/k").Header("x-amz-checksum-type"), "COMPOSITE");
  }
}

TEST_F(MultipartTest, ACopyTellsTheChecksumOfTheNewObject) {
  StartWithBucket();
  const auto crc = s3::ChecksumAlgorithm::kCrc32;
  const std::string one = Bytes(1);
  const std::string id = Create("/shared-b/k", {"x-amz-checksum-algorithm: CRC32"});
  const List list = {{1, Upload("/shared-b/k", id, 1, one)},
                     {2, Upload("/shared-b/k", id, 2, "two")}};
  const HttpResponse done = Complete("/shared-b/k", id, list);
  ASSERT_EQ(Element(done.body, "ChecksumType"), "COMPOSITE") << done.body;
  const auto copy = [this](const std::string& from, const std::string& to) {
    return S3("alice",
              {.method = "PUT",
               .target = to,
               .headers = {"x-amz-copy-source: " + from, "x-amz-metadata-directive: REPLACE"}});
  };
  const HttpResponse moved = copy("/shared-b/k", "/shared-b/copy");
  EXPECT_EQ(Element(moved.body, "ChecksumCRC32"), Sum(crc, one + "two")) << moved.body;
  EXPECT_EQ(Element(moved.body, "ChecksumType"), "FULL_OBJECT");
  const HttpResponse in_place = copy("/shared-b/k", "/shared-b/k");
  EXPECT_EQ(Element(in_place.body, "ChecksumCRC32"), Element(done.body, "ChecksumCRC32"));
  EXPECT_EQ(Element(in_place.body, "ChecksumType"), "COMPOSITE");

  ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b/none", .body = "x"}).status, 200);
  EXPECT_THAT(copy("/shared-b/none", "/shared-b/copy").body, Not(HasSubstr("Checksum")));
}

TEST_F(MultipartTest, ChecksumTermsThatDoNotGoTogetherAreRefused) {
  StartWithBucket();
  const auto code = [this](std::vector<std::string> headers) {
    return Code(
        S3("alice",
           {.method = "POST", .target = "/shared-b/k?uploads", .headers = std::move(headers)}));
  };
  EXPECT_EQ(code({"x-amz-checksum-algorithm: MD4"}), "InvalidRequest");
  EXPECT_EQ(code({"x-amz-checksum-type: COMPOSITE"}), "InvalidRequest");
  EXPECT_EQ(code({"x-amz-checksum-algorithm: CRC32", "x-amz-checksum-type: x"}), "InvalidRequest");
  EXPECT_EQ(code({"x-amz-checksum-algorithm: SHA1", "x-amz-checksum-type: FULL_OBJECT"}),
            "InvalidRequest");
  EXPECT_EQ(code({"x-amz-checksum-algorithm: CRC64NVME", "x-amz-checksum-type: COMPOSITE"}),
            "InvalidRequest");
  EXPECT_EQ(code({"x-amz-server-side-encryption: AES256"}), "NotImplemented");
  EXPECT_EQ(code({"x-amz-checksum-algorithm: CRC32C", "x-amz-checksum-type: FULL_OBJECT"}), "");
}

TEST_F(MultipartTest, PartsOfAnObjectAreReadByNumber) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  const List list = {{1, Upload("/shared-b/k", id, 1, Bytes(1))},
                     {5, Upload("/shared-b/k", id, 5, "two")}};
  ASSERT_EQ(Complete("/shared-b/k", id, list).status, 200);
  const HttpResponse second = Get("/shared-b/k?partNumber=2");
  EXPECT_EQ(second.status, 206);
  EXPECT_EQ(second.body, "two");
  EXPECT_EQ(second.Header("x-amz-mp-parts-count"), "2");
  EXPECT_EQ(second.Header("Content-Range"), "bytes 5242880-5242882/5242883");
  const HttpResponse head = S3("alice", {.method = "HEAD", .target = "/shared-b/k?partNumber=1"});
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(head.Header("Content-Length"), "5242880");
  EXPECT_FALSE(Get("/shared-b/k").HasHeader("x-amz-mp-parts-count"));
  EXPECT_EQ(Code(Get("/shared-b/k?partNumber=3")), "InvalidPartNumber");
  EXPECT_EQ(Code(Get("/shared-b/k?partNumber=0")), "InvalidArgument");
  EXPECT_EQ(Code(Get("/shared-b/k?partNumber=1", {"Range: bytes=0-1"})), "InvalidRequest");

  ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b/whole", .body = "whole"}).status,
            200);
  const HttpResponse whole = Get("/shared-b/whole?partNumber=1");
  EXPECT_EQ(whole.status, 206);
  EXPECT_EQ(whole.body, "whole");
  EXPECT_FALSE(whole.HasHeader("x-amz-mp-parts-count"));
  EXPECT_EQ(Code(Get("/shared-b/whole?partNumber=2")), "InvalidPartNumber");

  const HttpResponse told =
      Get("/shared-b/k?attributes", {"x-amz-object-attributes: ObjectParts", "x-amz-max-parts: 1"});
  EXPECT_EQ(Element(told.body, "PartsCount"), "2");
  EXPECT_EQ(Element(told.body, "IsTruncated"), "true");
  EXPECT_EQ(Element(told.body, "NextPartNumberMarker"), "1");
  EXPECT_EQ(Element(told.body, "Size"), "5242880");
  const HttpResponse past_the_end =
      Get("/shared-b/k?attributes",
          {"x-amz-object-attributes: ObjectParts", "x-amz-part-number-marker: 2"});
  EXPECT_EQ(Element(past_the_end.body, "PartNumberMarker"), "2");
  EXPECT_EQ(Element(past_the_end.body, "NextPartNumberMarker"), "0");
}

TEST_F(MultipartTest, PartsAreCopied) {
  StartWithBucket();
  const std::string source = Bytes(3, kPart + 1000);
  const HttpResponse put =
      S3("alice", {.method = "PUT", .target = "/shared-b/s%20o", .body = source});
  ASSERT_EQ(put.status, 200);
  const std::string id = Create("/shared-b/k", {"x-amz-checksum-algorithm: CRC32C"});
  const auto copy = [&](int number, std::vector<std::string> headers) {
    headers.emplace_back("x-amz-copy-source: /shared-b/s%20o");
    return S3("alice", {.method = "PUT",
                        .target = PartTarget("/shared-b/k", id, number),
                        .headers = std::move(headers)});
  };
  const HttpResponse whole = copy(1, {});
  ASSERT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(Element(whole.body, "ETag"), "\"" + Md5Hex(source) + "\"");
  EXPECT_EQ(Element(whole.body, "ChecksumCRC32C"), Sum(s3::ChecksumAlgorithm::kCrc32c, source));
  const HttpResponse range = copy(2, {"x-amz-copy-source-range: bytes=10-19"});
  ASSERT_EQ(range.status, 200) << range.body;
  const HttpResponse past_the_end = copy(3, {"x-amz-copy-source-range: bytes=10-9999999"});
  EXPECT_EQ(past_the_end.status, 400);
  EXPECT_EQ(Code(past_the_end), "InvalidArgument");
  EXPECT_EQ(Element(past_the_end.body, "Message"),
            "Range specified is not valid for source object of size: 5243880");
  EXPECT_EQ(Code(copy(3, {"x-amz-copy-source-range: 10-20"})), "InvalidArgument");
  EXPECT_EQ(Code(copy(3, {"x-amz-copy-source-if-match: \"x\""})), "PreconditionFailed");
  EXPECT_EQ(Code(copy(3, {"x-amz-copy-source-if-none-match: " + put.Header("ETag")})),
            "PreconditionFailed");
  EXPECT_EQ(Code(S3("alice", {.method = "PUT",
                              .target = PartTarget("/shared-b/k", id, 3),
                              .headers = {"x-amz-copy-source: shared-b/absent"}})),
            "NoSuchKey");
  const List list = {{1, Element(whole.body, "ETag")}, {2, Element(range.body, "ETag")}};
  ASSERT_EQ(Complete("/shared-b/k", id, list).status, 200);
  EXPECT_EQ(Get("/shared-b/k").body, source + source.substr(10, 10));
}

TEST_F(MultipartTest, PartsAndUploadsAreListedInPages) {
  StartWithBucket();
  const std::string id = Create("/shared-b/a/1", {"x-amz-checksum-algorithm: SHA1"});
  for (const int number : {1, 3, 7}) Upload("/shared-b/a/1", id, number, std::to_string(number));
  const HttpResponse parts = Get("/shared-b/a/1?max-parts=2&uploadId=" + id);
  EXPECT_EQ(Element(parts.body, "IsTruncated"), "true");
  EXPECT_EQ(Element(parts.body, "NextPartNumberMarker"), "3");
  EXPECT_EQ(Element(parts.body, "ChecksumAlgorithm"), "SHA1");
  EXPECT_EQ(Element(parts.body, "ChecksumSHA1"), Sum(s3::ChecksumAlgorithm::kSha1, "1"));
  const HttpResponse rest = Get("/shared-b/a/1?part-number-marker=3&uploadId=" + id);
  EXPECT_EQ(Element(rest.body, "IsTruncated"), "false");
  EXPECT_EQ(Element(rest.body, "Size"), "1");
  EXPECT_THAT(rest.body, HasSubstr("<PartNumber>7</PartNumber>"));
  EXPECT_THAT(rest.body, Not(HasSubstr("<PartNumber>3</PartNumber>")));

  Create("/shared-b/a/2");
  Create("/shared-b/b%20b");
  const HttpResponse folded = Get("/shared-b?uploads&delimiter=/&encoding-type=url");
  EXPECT_EQ(Element(folded.body, "CommonPrefixes"), "<Prefix>a/</Prefix>");
  EXPECT_THAT(folded.body, HasSubstr("<Key>b+b</Key>"));
  EXPECT_EQ(Element(folded.body, "EncodingType"), "url");
  const HttpResponse first = Get("/shared-b?uploads&max-uploads=1&prefix=a");
  EXPECT_EQ(Element(first.body, "IsTruncated"), "true");
  EXPECT_EQ(Element(first.body, "NextKeyMarker"), "a/1");
  EXPECT_EQ(Element(first.body, "NextUploadIdMarker"), id);
  const HttpResponse next = Get("/shared-b?uploads&prefix=a&key-marker=a/1&upload-id-marker=" + id);
  EXPECT_THAT(next.body, HasSubstr("<Key>a/2</Key>"));
  EXPECT_THAT(next.body, Not(HasSubstr("<Key>a/1</Key>")));
  EXPECT_EQ(Code(Get("/shared-b?uploads&encoding-type=x")), "InvalidArgument");
}

TEST_F(MultipartTest, AMarkerOfAnotherKeysUploadIsRefused) {
  StartWithBucket();
  const std::string id = Create("/shared-b/a");
  const std::string other = Create("/shared-b/b");
  const auto page_after = [this](const std::string& key, const std::string& marker) {
    return Get("/shared-b?uploads&key-marker=" + key + "&upload-id-marker=" + marker);
  };
  EXPECT_EQ(Element(page_after("a", id).body, "UploadId"), other);
  const HttpResponse refused = page_after("a", other);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Code(refused), "InvalidArgument");
  EXPECT_EQ(Element(refused.body, "Message"), "Invalid uploadId marker");
  EXPECT_EQ(Element(refused.body, "ArgumentName"), "upload-id-marker");
  EXPECT_EQ(Get("/shared-b?uploads&upload-id-marker=" + other).status, 200) << "passed over";

  // While a client goes from page to page, the upload where one ended may end itself.
  EXPECT_EQ(Abort("/shared-b/a", id).status, 204);
  EXPECT_EQ(Element(page_after("a", id).body, "UploadId"), other);
}

TEST_F(MultipartTest, PagesLeadThroughAllPartsAndUploads) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  for (const int number : {2, 3, 5, 8, 10'000}) Upload("/shared-b/k", id, number, "x");
  std::string numbers;
  std::string marker = "0";
  HttpResponse page;
  do {
    page = Get("/shared-b/k?max-parts=2&part-number-marker=" + marker + "&uploadId=" + id);
    EXPECT_EQ(Element(page.body, "PartNumberMarker"), marker);
    EXPECT_EQ(Element(page.body, "MaxParts"), "2");
    for (const std::string& number : Elements(page.body, "PartNumber")) numbers += number + " ";
    marker = Element(page.body, "NextPartNumberMarker");
  } while (Element(page.body, "IsTruncated") == "true");
  EXPECT_EQ(numbers, "2 3 5 8 10000 ");
  EXPECT_EQ(Elements(Get("/shared-b/k?uploadId=" + id).body, "PartNumber").size(), 5U);
  const HttpResponse past_the_end = Get("/shared-b/k?part-number-marker=10000&uploadId=" + id);
  EXPECT_THAT(Elements(past_the_end.body, "Part"), ::testing::IsEmpty());
  EXPECT_EQ(Element(past_the_end.body, "NextPartNumberMarker"), "0");

  // Two uploads of one key, which no key marker alone can part; the page ends between them.
  std::vector<std::string> ids = {id, Create("/shared-b/k"), Create("/shared-b/k/2")};
  std::vector<std::string> listed;
  std::string markers;
  do {
    page = Get("/shared-b?uploads&max-uploads=1" + markers);
    EXPECT_EQ(Element(page.body, "MaxUploads"), "1");
    for (const std::string& one : Elements(page.body, "UploadId")) listed.push_back(one);
    markers = "&key-marker=" + Element(page.body, "NextKeyMarker") +
              "&upload-id-marker=" + Element(page.body, "NextUploadIdMarker");
  } while (Element(page.body, "IsTruncated") == "true");
  EXPECT_EQ(listed, ids);
  for (const char* bad : {"/k?uploadId=ID&max-parts=x", "/k?uploadId=ID&max-parts=-1",
                          "/k?uploadId=ID&part-number-marker=x", "?uploads&max-uploads=x",
                          "?uploads&max-uploads=-1"}) {
    std::string target = std::string("/shared-b") + bad;
    if (const auto at = target.find("ID"); at != std::string::npos) target.replace(at, 2, id);
    EXPECT_EQ(Code(Get(target)), "InvalidArgument") << target;
  }
}

TEST_F(MultipartTest, IsAbortedOnlyIfItBeganWhenTheClientSays) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  const auto abort = [&](const std::string& time) {
    return S3("alice", {.method = "DELETE",
                        .target = "/shared-b/k?uploadId=" + id,
                        .headers = {"x-amz-if-match-initiated-time: " + time}});
  };
  const HttpResponse refused = abort("Thu, 01 Jan 2015 00:00:00 GMT");
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(Code(refused), "PreconditionFailed");
  const std::string listed = S3("alice", {.target = "/shared-b?uploads"}).body;
  EXPECT_EQ(abort(Element(listed, "Initiated")).status, 204) << listed;
}

TEST_F(MultipartTest, UploadsGoWithTheirBucket) {
  StartWithBucket();
  const std::string id = Create("/shared-b/k");
  Upload("/shared-b/k", id, 1, "x");
  ASSERT_EQ(S3("alice", {.method = "DELETE", .target = "/shared-b"}).status, 204);
  EXPECT_EQ(Code(Send("/shared-b/k", id, 1, "x")), "NoSuchBucket");
  ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b"}).status, 200);
  EXPECT_EQ(Code(Send("/shared-b/k", id, 1, "x")), "NoSuchUpload");
}

TEST_F(MultipartTest, MakesItsBucketWhereAnyPutDoes) {
  Start({.arguments = {"-implicit-buckets"}});
  const std::string id = Create("/new/k");
  EXPECT_EQ(Code(Get("/new?uploads")), "NoSuchBucket");
  const std::string etag = Upload("/new/k", id, 1, "value");
  EXPECT_THAT(Get("/new/k?uploadId=" + id).body, HasSubstr("<PartNumber>1</PartNumber>"));
  ASSERT_EQ(Complete("/new/k", id, {{1, etag}}).status, 200);
  EXPECT_EQ(Get("/new/k").body, "value");
}

}  // namespace
}  // namespace mkv::testing
