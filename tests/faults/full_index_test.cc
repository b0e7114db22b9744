// The index's disk is full: writes are refused, reads go on, and once there is room again so do
// writes, without a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/settled_store.h"
#include "tests/faults/small_disk.h"

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FullIndex : public ::testing::TestWithParam<const char*> {
 public:
  ~FullIndex() override {
    if (cluster_.gateway().running()) cluster_.gateway().Kill();  // before its disk goes
  }

 protected:
  FullIndex() : cluster_(Options()) {
    EXPECT_EQ(cluster_.gateway().Terminate(), 0);
    const fs::path index = cluster_.gateway().options().index;
    disk_.emplace(index, "16m");
    if (!disk_->mounted()) return;
    filler_ = index / "filler";
    cluster_.gateway().Start();
  }
  static ClusterOptions Options() {
    ClusterOptions options = Impatient();
    options.arguments.emplace_back(GetParam());
    return options;
  }

  // Keys are long, so that the index grows.
  std::string NextKey() { return "/key" + std::to_string(next_++) + std::string(600, 'k'); }
  int Put() {
    const std::string key = NextKey();
    const int status = cluster_.Put(key, "value of " + key).status;
    (status == 201 ? stored_ : doubtful_).insert(key);
    return status;
  }
  void ExpectReadable() {
    const std::vector<std::string> listed = cluster_.List();
    for (const std::string& key : stored_) {
      EXPECT_TRUE(std::binary_search(listed.begin(), listed.end(), key));
    }
    for (const std::string& key : listed) {
      EXPECT_TRUE(stored_.contains(key) || doubtful_.contains(key));
      EXPECT_EQ(cluster_.Get(key).body, "value of " + key);
    }
  }

  Cluster cluster_;
  std::optional<SmallDisk> disk_;
  fs::path filler_;
  int next_ = 0;
  std::set<std::string> stored_;
  std::set<std::string> doubtful_;  // refused, and whole or absent
};

TEST_P(FullIndex, RefusesWritesAnswersReadsAndRecoversByItself) {
  if (!disk_->mounted()) GTEST_SKIP() << "a tmpfs can not be mounted here";
  // Somebody is always reading.
  std::atomic<int> bad_reads = 0;
  std::jthread reader([&bad_reads, url = cluster_.gateway().url()](const std::stop_token& stop) {
    HttpClient http;
    while (!stop.stop_requested()) {
      if (http.Get(url + "/?list").status != 200) ++bad_reads;
      if (http.Get(url + "/nothing").status != 404) ++bad_reads;
    }
  });
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    for (int i = 0; i < 30; ++i) EXPECT_EQ(Put(), 201);
    disk_->Fill(filler_, /*leave_free=*/32 << 10);
    int status = 201;
    for (int i = 0; i < 200 && status == 201; ++i) status = Put();
    EXPECT_EQ(status, 503);
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(Put(), 503);
      EXPECT_EQ(cluster_.Delete(*stored_.begin()).status, 503);
      const HttpResponse s3 = cluster_.client().Do({.method = "PUT",
                                                    .url = cluster_.gateway().Url("/bucket/key"),
                                                    .headers = {"x-amz-meta-a: b"},
                                                    .body = "value"});
      EXPECT_EQ(s3.status, 503) << s3.body;
      std::this_thread::sleep_for(300ms);  // over more than one attempt to open it anew
    }
    ExpectReadable();

    fs::remove(filler_);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (Put() != 201) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << cluster_.gateway().Log();
      std::this_thread::sleep_for(50ms);
    }
    ExpectReadable();
  }
  reader.request_stop();
  reader.join();
  EXPECT_EQ(bad_reads, 0);
  ExpectNothingLeftOver(cluster_);
  cluster_.gateway().Start();
  ExpectReadable();
}

INSTANTIATE_TEST_SUITE_P(Settings, FullIndex, ::testing::Values("-sync=false", "-sync"),
                         [](const ::testing::TestParamInfo<const char*>& setting) {
                           return std::string(setting.param) == "-sync" ? "Synced" : "NotSynced";
                         });

}  // namespace
}  // namespace mkv::testing
