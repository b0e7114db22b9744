// Many uploads at once, far more than the budget: all of them succeed, and the gateway's memory
// stays near the budget, and is back with the system afterwards.
//
// Built twice: a short form, and the long one, labelled slow.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/gateway_test.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kBudget = MULTIPART_BUDGET_MIB * kMiB;
constexpr std::uint64_t kMayExceed = 128 * kMiB;
constexpr std::uint64_t kPart = 8 * kMiB;
constexpr int kUploads = MULTIPART_UPLOADS;
constexpr std::uint64_t kSize = MULTIPART_MIB * kMiB;

std::string Element(const std::string& xml, const std::string& name) {
  const std::size_t begin = xml.find("<" + name + ">");
  if (begin == std::string::npos) return {};
  const std::size_t from = begin + name.size() + 2;
  return xml.substr(from, xml.find("</" + name + ">", from) - from);
}

class Uploader {
 public:
  Uploader(std::string url, int number)
      : url_(std::move(url) + "/bkt/" + std::to_string(number)), number_(number) {}

  // Creates the upload and sends all its parts; 503 is answered by trying again, as clients do.
  void Send() {
    id_ = Element(Do("POST", "?uploads", "").body, "UploadId");
    for (std::uint64_t sent = 0; sent < kSize; sent += kPart) {
      const int part = static_cast<int>(sent / kPart) + 1;
      const std::uint64_t size = std::min(kPart, kSize - sent);
      const HttpResponse answer =
          Do("PUT", "?partNumber=" + std::to_string(part) + "&uploadId=" + id_, Bytes(part, size));
      list_ += "<Part><PartNumber>" + std::to_string(part) + "</PartNumber><ETag>" +
               answer.Header("ETag") + "</ETag></Part>";
    }
  }
  bool Complete() {
    const HttpResponse answer =
        Do("POST", "?uploadId=" + id_,
           "<CompleteMultipartUpload>" + list_ + "</CompleteMultipartUpload>");
    return answer.status == 200 && !Element(answer.body, "ETag").empty();
  }
  bool IsThere() {
    for (std::uint64_t read = 0; read < kSize; read += kPart) {
      const std::uint64_t size = std::min(kPart, kSize - read);
      const HttpResponse got = http_.Do(
          {.url = url_,
           .headers = {"amz-sdk-request: attempt=1", "Range: bytes=" + std::to_string(read) + "-" +
                                                         std::to_string(read + size - 1)}});
      if (got.body != Bytes(static_cast<int>(read / kPart) + 1, size)) return false;
    }
    return true;
  }
  int refused() const { return refused_; }

 private:
  std::string Bytes(int part, std::uint64_t size) const {
    return GeneratedValue(static_cast<std::uint64_t>(number_) * 1000 + static_cast<unsigned>(part),
                          size)
        .Bytes();
  }
  HttpResponse Do(const std::string& method, const std::string& query, const std::string& body) {
    HttpResponse answer;
    for (int attempt = 0; attempt < 20; ++attempt) {
      answer = http_.Do({.method = method,
                         .url = url_ + query,
                         .headers = {"amz-sdk-request: attempt=1"},
                         .body = body,
                         .timeout = std::chrono::minutes(10)});
      if (answer.status == 200) break;
      ++refused_;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    return answer;
  }

  const std::string url_;
  const int number_;
  std::string id_;
  std::string list_;
  HttpClient http_;
  int refused_ = 0;
};

class MULTIPART_SUITE : public GatewayTest {};

TEST_F(MULTIPART_SUITE, ManyUploadsAtOnceStayNearTheBudget) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has a memory of its own";
#endif
  Start(
      {.volumes = 2, .replicas = 1, .arguments = {"-multipart-memory=" + std::to_string(kBudget)}});
  std::vector<std::unique_ptr<Uploader>> uploads;
  for (int i = 0; i < kUploads; ++i) {
    uploads.push_back(std::make_unique<Uploader>(cluster().gateway().url(), i));
  }
  const auto on_all = [&uploads](const std::function<void(Uploader&)>& work) {
    std::vector<std::jthread> threads;
    for (const auto& upload : uploads) {
      threads.emplace_back([&work, &upload = *upload] { work(upload); });
    }
  };
  const auto begin = std::chrono::steady_clock::now();
  on_all([](Uploader& upload) { upload.Send(); });
  const MemoryUse staged = cluster().gateway().Memory();
  std::atomic<int> completed{0};
  on_all([&completed](Uploader& upload) { completed += upload.Complete() ? 1 : 0; });
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  const MemoryUse after = cluster().gateway().Memory();
  int refused = 0;
  for (const auto& upload : uploads) refused += upload->refused();
  std::cout << kUploads << " uploads at once of " << (kSize >> 20) << " MiB, budget "
            << (kBudget >> 20) << " MiB: " << taken.count() << " s, " << refused
            << " requests told to come again; VmRSS with all parts staged "
            << (staged.resident >> 20) << " MiB, at the end " << (after.resident >> 20)
            << " MiB; VmHWM " << (after.peak_resident >> 20) << " MiB\n";
  EXPECT_EQ(completed, kUploads);
  EXPECT_LE(after.peak_resident, kBudget + kMayExceed);
  EXPECT_LE(after.resident, kMayExceed) << "the parts' memory is back with the system";
  EXPECT_GE(staged.resident, kBudget / 2) << "the budget is used";
  std::atomic<int> right{0};
  on_all([&right](Uploader& upload) { right += upload.IsThere() ? 1 : 0; });
  EXPECT_EQ(right, kUploads);
}

}  // namespace
}  // namespace mkv::testing
