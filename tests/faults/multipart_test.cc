// Multipart uploads when things fail: whatever happens, the key holds its old value or its new one,
// whole, and nothing else is left on the volumes.
//
// The requests are S3's by a header alone; the server is open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/faults/settled_store.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Eq;
using ::testing::HasSubstr;

constexpr std::size_t kPart = 5 << 20;
constexpr const char* kTarget = "/bkt/key";
const std::string kOld = "the old value";

enum class Parts { kInMemory, kOnVolumes };

class MultipartFaults : public ::testing::TestWithParam<Parts> {
 protected:
  void Start(const std::vector<std::string>& more = {}) {
    ClusterOptions options = Impatient();
    if (GetParam() == Parts::kOnVolumes) options.arguments.push_back("-multipart-memory=0");
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
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
                      .headers = {"amz-sdk-request: attempt=1"},
                      .body = std::move(body),
                      .timeout = 60s});
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
  // An upload of three parts, and the list of them.
  void UploadAll() {
    Create();
    list_ = "<CompleteMultipartUpload>";
    value_.clear();
    for (int number = 1; number <= 3; ++number) {
      const std::string bytes =
          GeneratedValue(static_cast<unsigned>(number), number == 3 ? 1000 : kPart + 4321).Bytes();
      const HttpResponse sent = Send(number, bytes);
      ASSERT_EQ(sent.status, 200) << sent.error << sent.body;
      list_ += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" +
               sent.Header("ETag") + "</ETag></Part>";
      value_ += bytes;
    }
    list_ += "</CompleteMultipartUpload>";
  }
  HttpResponse Complete() { return Do("POST", "?uploadId=" + id_, list_); }
  HttpResponse Abort() { return Do("DELETE", "?uploadId=" + id_); }
  std::string Value() { return cluster().Get(kTarget).body; }

  // Runs `meanwhile` while a Complete stands still in its middle, because a volume does. What the
  // Complete is answered.
  HttpResponse CompleteStalled(const std::function<void()>& meanwhile) {
    cluster().volume(1).Pause();
    HttpResponse answer;
    {
      const std::jthread completing([&answer, url = cluster().gateway().url(),
                                     query = "?uploadId=" + id_,
                                     list = list_] { answer = DoAt(url, "POST", query, list); });
      AwaitUploadsOnVolumes();
      meanwhile();
      if (cluster().volume(1).running()) cluster().volume(1).Resume();
    }
    return answer;
  }

  std::string id_;
  std::string list_;
  std::string value_;

 private:
  // Until another volume receives the new value: the file of a body that is on its way. None does
  // when it is the stalled volume that a part lies on: then the reading stands still.
  void AwaitUploadsOnVolumes() {
    const bool surely = GetParam() == Parts::kInMemory;
    const auto deadline = std::chrono::steady_clock::now() + (surely ? 20s : 2s);
    while (std::chrono::steady_clock::now() < deadline) {
      for (const auto& entry :
           std::filesystem::recursive_directory_iterator(cluster().volume(0).folder())) {
        if (entry.is_regular_file() &&
            entry.path().string().find("body_temp") != std::string::npos) {
          return;
        }
      }
      std::this_thread::sleep_for(10ms);
    }
    EXPECT_FALSE(surely) << "no volume receives anything";
  }

  std::optional<Cluster> cluster_;
};

INSTANTIATE_TEST_SUITE_P(Multipart, MultipartFaults,
                         ::testing::Values(Parts::kInMemory, Parts::kOnVolumes),
                         [](const auto& tested) {
                           return tested.param == Parts::kInMemory ? "InMemory" : "OnVolumes";
                         });

TEST_P(MultipartFaults, CompletedAbortedAndAbandonedUploadsLeaveNothing) {
  Start({"-multipart-expiry=1s"});
  UploadAll();
  ASSERT_EQ(Complete().status, 200);
  const std::string completed = value_;
  UploadAll();
  EXPECT_EQ(Abort().status, 204);
  EXPECT_THAT(Send(1, "late").body, HasSubstr("NoSuchUpload"));
  UploadAll();
  for (int i = 0; i < 300; ++i) {
    if (Do("GET", "?uploadId=" + id_).status == 404) break;
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_THAT(Complete().body, HasSubstr("NoSuchUpload"));
  EXPECT_EQ(Value(), completed);
  const SettledStore store = ExpectNothingLeftOver(cluster());
  EXPECT_EQ(store.objects.size(), 1U);
}

TEST_P(MultipartFaults, AGatewayThatDiesBetweenPartsLeavesTheOldValue) {
  Start();
  UploadAll();
  cluster().gateway().Kill();
  cluster().gateway().Start();
  EXPECT_THAT(Send(4, "more").body, HasSubstr("NoSuchUpload"));
  EXPECT_THAT(Complete().body, HasSubstr("NoSuchUpload"));
  UploadAll();
  EXPECT_EQ(cluster().gateway().Terminate(), 0);
  cluster().gateway().Start();
  EXPECT_THAT(Complete().body, HasSubstr("NoSuchUpload"));
  EXPECT_EQ(Value(), kOld);
  ExpectNothingLeftOver(cluster());
}

TEST_P(MultipartFaults, AGatewayThatDiesWhileCompletingLeavesTheOldValue) {
  Start();
  UploadAll();
  CompleteStalled([this] { cluster().gateway().Kill(); });
  cluster().gateway().Start();
  EXPECT_EQ(Value(), kOld);
  EXPECT_THAT(Complete().body, HasSubstr("NoSuchUpload"));
  ExpectNothingLeftOver(cluster());
}

TEST_P(MultipartFaults, AVolumeThatDiesWhileCompletingLeavesTheOldValueUntilItIsAskedAgain) {
  Start();
  UploadAll();
  const HttpResponse failed = CompleteStalled([this] { cluster().volume(1).Kill(); });
  EXPECT_THAT(failed.body, HasSubstr("ServiceUnavailable")) << failed.status;
  EXPECT_EQ(Value(), kOld);
  cluster().volume(1).Start();
  HttpResponse again = Complete();
  // A volume that was found down is asked again after a second.
  for (int i = 0; i < 20 && again.status != 200; ++i) {
    std::this_thread::sleep_for(500ms);
    again = Complete();
  }
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Value(), value_);
  ExpectNothingLeftOver(cluster());
}

TEST_P(MultipartFaults, PartsThatComeWhileCompletingDoNotCount) {
  Start();
  UploadAll();
  HttpResponse sent;
  const HttpResponse done = CompleteStalled([&] {
    // On volumes, one of which stands still, there may be no place for it.
    if (GetParam() == Parts::kInMemory) sent = Send(1, std::string(kPart, 'x'));
  });
  EXPECT_EQ(done.status, 200) << done.body;
  if (GetParam() == Parts::kInMemory) {
    EXPECT_EQ(sent.status, 200) << sent.body;
  }
  EXPECT_EQ(Value(), value_);
  EXPECT_THAT(Send(1, "late").body, HasSubstr("NoSuchUpload"));
  EXPECT_EQ(Complete().body, done.body);
  ExpectNothingLeftOver(cluster());
}

TEST_P(MultipartFaults, AnAbortWhileCompletingWins) {
  Start();
  UploadAll();
  const HttpResponse done = CompleteStalled([this] { EXPECT_EQ(Abort().status, 204); });
  EXPECT_THAT(done.body, HasSubstr("NoSuchUpload"));
  EXPECT_EQ(Value(), kOld);
  ExpectNothingLeftOver(cluster());
}

TEST_P(MultipartFaults, TwoCompletionsAtOnceAreOne) {
  Start();
  UploadAll();
  HttpResponse second;
  std::jthread other;
  const HttpResponse first = CompleteStalled([&] {
    other = std::jthread([&second, url = cluster().gateway().url(), query = "?uploadId=" + id_,
                          list = list_] { second = DoAt(url, "POST", query, list); });
    std::this_thread::sleep_for(200ms);
  });
  other.join();
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(Value(), value_);
  ExpectNothingLeftOver(cluster());
}

TEST_P(MultipartFaults, ARebuildKnowsWhatAnUploadMade) {
  Start();
  UploadAll();
  ASSERT_EQ(Complete().status, 200);
  const HttpResponse before = Do("HEAD", "?partNumber=2");
  const std::string completed = value_;
  UploadAll();  // whose parts a rebuild without the old index must not give to anybody
  cluster().gateway().Kill();
  std::filesystem::remove_all(cluster().gateway().options().index);
  ASSERT_EQ(cluster().gateway().RunCommand({"rebuild"}), 0);
  cluster().gateway().Start();
  EXPECT_EQ(Value(), completed);
  const HttpResponse after = Do("HEAD", "?partNumber=2");
  EXPECT_EQ(after.status, 206);
  EXPECT_EQ(after.Header("ETag"), before.Header("ETag"));
  EXPECT_EQ(after.Header("x-amz-mp-parts-count"), "3");
  EXPECT_EQ(after.Header("Content-Range"), before.Header("Content-Range"));
  EXPECT_THAT(cluster().List(), ::testing::ElementsAre(kTarget));
  const SettledStore store = Settle(cluster());
  EXPECT_EQ(store.objects.size(), 1U);
}

TEST_P(MultipartFaults, AVolumeWithPartsThatIsAwayMakesItWait) {
  if (GetParam() == Parts::kInMemory) GTEST_SKIP() << "parts on volumes only";
  Start();
  UploadAll();
  for (std::size_t i = 0; i < 3; ++i) cluster().volume(i).Kill();
  EXPECT_THAT(Send(4, std::string(kPart, 'x')).body, HasSubstr("SlowDown"));
  EXPECT_THAT(Complete().status, Eq(503));
  for (std::size_t i = 0; i < 3; ++i) cluster().volume(i).Start();
  HttpResponse again = Complete();
  for (int i = 0; i < 20 && again.status != 200; ++i) {
    std::this_thread::sleep_for(500ms);
    again = Complete();
  }
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Value(), value_);
  ExpectNothingLeftOver(cluster());
}

}  // namespace
}  // namespace mkv::testing
