// The store grows and shrinks while clients read, write and delete: no request fails, nothing is
// lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/faults/program.h"
#include "tests/faults/settled_store.h"
#include "tests/support/file_text.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kStanding = 80;  // keys that are there from the beginning

std::string ValueOf(const std::string& key) { return key + std::string(3000, 'v'); }

class Load {
 public:
  explicit Load(std::string url) : url_(std::move(url)) {
    for (int i = 0; i < 3; ++i) threads_.emplace_back([this, i] { Read(i); });
    for (int i = 0; i < 3; ++i) threads_.emplace_back([this, i] { WriteAndDelete(i); });
  }
  // What went wrong.
  std::vector<std::string> End() {
    stop_ = true;
    threads_.clear();
    return failures_;
  }
  // That were written and not deleted.
  const std::set<std::string>& written() const { return written_; }

 private:
  void Read(int number) {
    std::mt19937 random(number);
    HttpClient http;
    while (!stop_) {
      const std::string key = "/standing/" + std::to_string(random() % kStanding);
      const HttpResponse got = http.Do({.url = url_ + key, .follow_redirects = true});
      if (got.status != 200 || got.body != ValueOf(key)) Fail("GET", got);
    }
  }
  void WriteAndDelete(int number) {
    std::mt19937 random(100 + number);
    HttpClient http;
    for (int i = 0; !stop_; ++i) {
      const std::string key = "/written/" + std::to_string(number) + "/" + std::to_string(i);
      const HttpResponse put = http.Put(url_ + key, ValueOf(key));
      if (put.status != 201) Fail("PUT", put);
      const HttpResponse got = http.Do({.url = url_ + key, .follow_redirects = true});
      if (got.status != 200 || got.body != ValueOf(key)) Fail("GET", got);
      if (random() % 3 > 0) {
        const HttpResponse deleted = http.Do({.method = "DELETE", .url = url_ + key});
        if (deleted.status != 204) Fail("DELETE", deleted);
      } else {
        const std::lock_guard lock(mutex_);
        written_.insert(key);
      }
    }
  }
  void Fail(const std::string& what, const HttpResponse& response) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(what + " " + response.url + ": " + std::to_string(response.status) + " " +
                        response.error);
  }

  const std::string url_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::string> failures_;
  std::set<std::string> written_;
  std::vector<std::jthread> threads_;
};

class RebalanceUnderLoad : public ::testing::Test {
 protected:
  static ClusterOptions Options() {
    ClusterOptions options = Impatient();
    options.arguments.emplace_back("-garbage-delay=1s");
    return options;
  }
  void SetUp() override {
    cluster_.AddVolume();
    cluster_.AddVolume();
    WriteList(3);
    ASSERT_EQ(cluster_.gateway().Terminate(), 0);
    cluster_.gateway().options().volumes = {"@" + list_};
    cluster_.gateway().Start();
    for (int i = 0; i < kStanding; ++i) {
      const std::string key = "/standing/" + std::to_string(i);
      ASSERT_EQ(cluster_.Put(key, ValueOf(key)).status, 201);
    }
  }
  void WriteList(std::size_t count) {
    std::ofstream list(list_);
    list << "# the first " << count << "\n";
    for (std::size_t i = 0; i < count; ++i) list << cluster_.volume(i).name() << "\n";
  }
  void Reload(std::size_t count) {
    WriteList(count);
    cluster_.gateway().Signal(SIGHUP);
    const std::string expected = "re-read: " + std::to_string(count) + " volumes";
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (cluster_.gateway().Log().find(expected) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << cluster_.gateway().Log();
      std::this_thread::sleep_for(20ms);
    }
  }
  int Rebalance() {
    return RunProgram(Program(cluster_, {"-server", cluster_.gateway().url(), "rebalance"}), 60s)
        .value_or(-1);
  }
  // What just left a volume must be deleted there before it can come back: such keys are busy until
  // then, and the command says so.
  void RebalanceAll() {
    int status = Rebalance();
    for (int i = 0; i < 20 && status != 0; ++i) {
      std::this_thread::sleep_for(500ms);
      status = Rebalance();
    }
    EXPECT_EQ(status, 0) << FileText(cluster_.folder() / "program.log");
  }

  Cluster cluster_{Options()};
  const std::string list_ = cluster_.folder() / "volumes.txt";
};

TEST_F(RebalanceUnderLoad, FailsNoRequestAndLosesNothing) {
  Load load(cluster_.gateway().url());
  for (const std::size_t count : {4, 5, 3}) {
    Reload(count);
    RebalanceAll();
  }
  EXPECT_THAT(load.End(), IsEmpty());
  RebalanceAll();  // what was being written while the list shrank

  std::set<std::string> expected = load.written();
  for (int i = 0; i < kStanding; ++i) expected.insert("/standing/" + std::to_string(i));
  EXPECT_GT(load.written().size(), 0U);
  EXPECT_THAT(cluster_.List(), ElementsAreArray(expected));
  for (const std::string& key : expected) {
    EXPECT_EQ(cluster_.Get(key).body, ValueOf(key));
    EXPECT_EQ(cluster_.Head(key).Header("Key-Balance"), "balanced");
  }
  ExpectNothingLeftOver(cluster_);
  EXPECT_THAT(cluster_.volume(3).Files(), IsEmpty());
  EXPECT_THAT(cluster_.volume(4).Files(), IsEmpty());
}

TEST_F(RebalanceUnderLoad, AWriteThatAReloadOvertakesKeepsItsReplicas) {
  Reload(4);
  const std::string leaving = cluster_.volume(3).name();
  std::string key;
  for (int i = 0; key.empty(); ++i) {
    const std::string candidate = "/candidate" + std::to_string(i);
    ASSERT_EQ(cluster_.Put(candidate, "value").status, 201);
    const std::string volumes = cluster_.Head(candidate).Header("Key-Volumes");
    ASSERT_EQ(cluster_.Delete(candidate).status, 204);
    if (volumes.find(leaving) != std::string::npos) key = candidate;
  }

  const GeneratedValue value(11, 16 << 20);
  bool reloaded = false;
  std::uint64_t sent = 0;
  const HttpResponse put =
      cluster_.client().Do({.method = "PUT",
                            .url = cluster_.gateway().Url(key),
                            .producer =
                                [&, read = value.Producer()](std::span<char> buffer) {
                                  if (sent > value.size() / 2 && !std::exchange(reloaded, true)) {
                                    Reload(3);
                                  }
                                  const std::size_t bytes = read(buffer);
                                  sent += bytes;
                                  return bytes;
                                },
                            .size = value.size()});
  EXPECT_EQ(put.status, 201);
  const std::string volumes = cluster_.Head(key).Header("Key-Volumes");
  EXPECT_EQ(std::count(volumes.begin(), volumes.end(), ','), 2) << volumes;
  EXPECT_THAT(volumes, HasSubstr(leaving));
  RebalanceAll();
  EXPECT_EQ(cluster_.Head(key).Header("Key-Balance"), "balanced");
  EXPECT_EQ(cluster_.client().Fetch(cluster_.gateway().Url(key)).md5, value.Md5());
  ExpectNothingLeftOver(cluster_);
}

}  // namespace
}  // namespace mkv::testing
