// Multipart uploads to one key that already has a value, for the tests of what becomes of both.
//
// The requests are S3's by a header alone; the server is open.
#ifndef TESTS_FAULTS_MULTIPART_OVER_FAULTS_H_
#define TESTS_FAULTS_MULTIPART_OVER_FAULTS_H_

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/faults/settled_store.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {

inline constexpr std::size_t kPart = 5 << 20;  // the least that a part may have, but for the last
inline constexpr const char* kTarget = "/bkt/key";
inline const std::string kOld = "the old value";

class MultipartOverFaults : public ::testing::Test {
 protected:
  void StartCluster(ClusterOptions options) {
    cluster_.emplace(std::move(options));
    ASSERT_EQ(cluster().Put(kTarget, kOld).status, 201);
  }
  void TearDown() override {
    if (cluster_ && HasFailure()) std::cout << cluster().gateway().Log();
  }
  Cluster& cluster() { return cluster_.value(); }

  static HttpResponse DoAt(const std::string& url, const std::string& method,
                           const std::string& query, std::optional<std::string> body = {}) {
    HttpClient client;
    return client.Do({.method = method,
                      .url = url + kTarget + query,
                      .headers = {kIsS3},
                      .body = std::move(body),
                      .timeout = std::chrono::seconds(60)});
  }
  HttpResponse Do(const std::string& method, const std::string& query,
                  std::optional<std::string> body = {}) {
    return DoAt(cluster().gateway().url(), method, query, std::move(body));
  }
  static std::string Element(const std::string& xml, const std::string& name) {
    const std::size_t begin = xml.find("<" + name + ">");
    if (begin == std::string::npos) return {};
    const std::size_t from = begin + name.size() + 2;
    return xml.substr(from, xml.find("</" + name + ">", from) - from);
  }

  void Create() { id_ = Element(Do("POST", "?uploads").body, "UploadId"); }
  HttpResponse Send(int number, const std::string& bytes) {
    return Do("PUT", "?partNumber=" + std::to_string(number) + "&uploadId=" + id_, bytes);
  }
  // An upload of parts of these sizes, and the list of them.
  void UploadAll(const std::vector<std::size_t>& sizes = {kPart + 4321, kPart + 4321, 1000}) {
    Create();
    list_ = "<CompleteMultipartUpload>";
    value_.clear();
    int number = 0;
    for (const std::size_t size : sizes) {
      ++number;
      const std::string bytes = GeneratedValue(static_cast<unsigned>(number), size).Bytes();
      const HttpResponse sent = Send(number, bytes);
      ASSERT_EQ(sent.status, 200) << sent.error << sent.body;
      list_ += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" +
               sent.Header("ETag") + "</ETag></Part>";
      value_ += bytes;
    }
    list_ += "</CompleteMultipartUpload>";
  }
  std::string CompleteQuery() const { return "?uploadId=" + id_; }
  HttpResponse Complete() { return Do("POST", CompleteQuery(), list_); }
  HttpResponse Abort() { return Do("DELETE", "?uploadId=" + id_); }
  std::string Value() { return cluster().Get(kTarget).body; }

  static constexpr const char* kIsS3 = "amz-sdk-request: attempt=1";
  std::string id_;
  std::string list_;
  std::string value_;

 private:
  std::optional<Cluster> cluster_;
};

}  // namespace mkv::testing

#endif  // TESTS_FAULTS_MULTIPART_OVER_FAULTS_H_
