// Multipart uploads by their raw requests, for the tests of the running gateway.
#ifndef TESTS_S3_GATEWAY_MULTIPART_TEST_H_
#define TESTS_S3_GATEWAY_MULTIPART_TEST_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/s3_gateway/s3_gateway_test.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {

class MultipartTest : public S3GatewayTest {
 protected:
  static constexpr std::size_t kPart = 5 << 20;  // the least that a part may have, but for the last

  // With the bucket `shared-b`, which alice has made.
  void StartWithBucket(std::vector<std::string> arguments = {}) {
    StartS3(std::move(arguments));
    ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b"}).status, 200);
  }

  // Bytes that are the same for the same seed.
  static std::string Bytes(std::uint64_t seed, std::size_t size = kPart) {
    return GeneratedValue(seed, size).Bytes();
  }

  std::string Create(const std::string& path, std::vector<std::string> headers = {}) {
    const HttpResponse created =
        S3("alice", {.method = "POST", .target = path + "?uploads", .headers = std::move(headers)});
    EXPECT_EQ(created.status, 200) << created.body;
    return Element(created.body, "UploadId");
  }
  static std::string PartTarget(const std::string& path, const std::string& id, int number) {
    return path + "?partNumber=" + std::to_string(number) + "&uploadId=" + id;
  }
  HttpResponse Send(const std::string& path, const std::string& id, int number, std::string bytes,
                    std::vector<std::string> headers = {}) {
    return S3("alice", {.method = "PUT",
                        .target = PartTarget(path, id, number),
                        .headers = std::move(headers),
                        .body = std::move(bytes)});
  }
  // The ETag, in quotes.
  std::string Upload(const std::string& path, const std::string& id, int number,
                     std::string bytes) {
    const HttpResponse sent = Send(path, id, number, std::move(bytes));
    EXPECT_EQ(sent.status, 200) << sent.error << sent.body;
    return sent.Header("ETag");
  }

  using List = std::vector<std::pair<int, std::string>>;  // numbers and ETags
  static std::string ListXml(const List& parts) {
    std::string xml = "<CompleteMultipartUpload>";
    for (const auto& [number, etag] : parts) {
      xml += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" + etag +
             "</ETag></Part>";
    }
    return xml + "</CompleteMultipartUpload>";
  }
  HttpResponse Complete(const std::string& path, const std::string& id, const List& parts,
                        std::vector<std::string> headers = {}) {
    return S3("alice", {.method = "POST",
                        .target = path + "?uploadId=" + id,
                        .headers = std::move(headers),
                        .body = ListXml(parts)});
  }
  HttpResponse Abort(const std::string& path, const std::string& id) {
    return S3("alice", {.method = "DELETE", .target = path + "?uploadId=" + id});
  }
  HttpResponse Get(const std::string& target, std::vector<std::string> headers = {}) {
    return S3("alice", {.target = target, .headers = std::move(headers)});
  }
};

}  // namespace mkv::testing

#endif  // TESTS_S3_GATEWAY_MULTIPART_TEST_H_
