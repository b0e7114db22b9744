// Multipart uploads when things fail: whatever happens, the key holds its old value or its new one,
// whole, and nothing else is left on the volumes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/faults/multipart_over_faults.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Eq;
using ::testing::HasSubstr;

enum class Parts { kInMemory, kOnVolumes };

class MultipartFaults : public MultipartOverFaults, public ::testing::WithParamInterface<Parts> {
 protected:
  void Start(const std::vector<std::string>& more = {}) {
    ClusterOptions options = Impatient();
    if (GetParam() == Parts::kOnVolumes) options.arguments.emplace_back("-multipart-memory=0");
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    StartCluster(std::move(options));
  }

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
};

INSTANTIATE_TEST_SUITE_P(Multipart, MultipartFaults,
                         ::testing::Values(Parts::kInMemory, Parts::kOnVolumes),
                         [](const auto& tested) {
                           return tested.param == Parts::kInMemory ? "InMemory" : "OnVolumes";
                         });

TEST_P(MultipartFaults, CompletedAbortedAndAbandonedUploadsLeaveNothing) {
  Start({"-multipart-expiry=4s"});
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

TEST_P(MultipartFaults, APartOnItsWayWhenItsUploadIsAbortedLeavesNothing) {
  Start();
  Create();
  const std::string bytes = GeneratedValue(1, kPart).Bytes();
  RawConnection connection(cluster().gateway().port());
  connection.Send("PUT " + (kTarget + CompleteQuery()) + "&partNumber=1 HTTP/1.1\r\nHost: x\r\n" +
                  kIsS3 + "\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" +
                  bytes.substr(0, kPart / 2));
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(Abort().status, 204);
  connection.Send(bytes.substr(kPart / 2));
  EXPECT_THAT(connection.ReadResponse(), HasSubstr("NoSuchUpload"));
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
