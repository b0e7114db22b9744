// Clients work by a seeded plan, through S3 and the native API, while the gateway is killed again
// and again, volumes are killed and paused, and one volume's disk is full now and then. After each
// round: what was acknowledged is there bit for bit, through both APIs; what was deleted is gone;
// what was not acknowledged is whole or absent; listings, readable keys and records are one set;
// and once everything has settled, the volumes hold the files of the records and nothing else.
//
// MKV_SEED=N repeats a run (as far as the machine's timing lets it).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/faults/settled_store.h"
#include "tests/faults/small_disk.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kClients = 8;
constexpr int kKeysOfAClient = 8;
constexpr std::uint64_t kSmallestPart = 5 << 20;  // S3's, but for the last one
const std::string kS3Header = "x-amz-date: 20260101T000000Z";

// A value is named by its seed and size; the name comes first, the rest follows from it.
std::string ValueOf(const std::string& name) {
  const std::size_t comma = name.find(',');
  const GeneratedValue value(std::stoull(name), std::stoull(name.substr(comma + 1)));
  return name + "\n" + value.Bytes();
}

std::string NameOf(const HttpResponse& got) {
  if (got.status == 404) return "";
  if (got.status != 200) return "status " + std::to_string(got.status) + " " + got.error;
  const std::string name = got.body.substr(0, got.body.find('\n'));
  if (name.find(',') == std::string::npos || ValueOf(name) != got.body) return "something else";
  return name;
}

// What a key may hold, by name; "" is nothing. One state once acknowledged; two while the fate of a
// request is unknown.
struct Key {
  std::set<std::string> states = {""};
  std::deque<std::string> history;  // the last requests, for people

  bool known() const { return states.size() == 1; }
  const std::string& state() const { return *states.begin(); }
  void Note(std::string what) {
    history.push_back(std::move(what));
    if (history.size() > 12) history.pop_front();
  }
  std::string History() const {
    std::string text;
    for (const std::string& line : history) text += "\n  " + line;
    return text;
  }
};

// One client, with a bucket of its own that nobody else changes.
class Client {
 public:
  Client(int number, std::uint64_t seed, std::string url)
      : bucket_("/client" + std::to_string(number)), url_(std::move(url)), random_(seed) {}

  void Work(const std::atomic<bool>& stop) {
    HttpClient http;
    while (!stop) Step(http);
  }

  std::map<std::string, Key>& keys() { return keys_; }
  const std::string& bucket() const { return bucket_; }
  std::size_t acknowledged() const { return acknowledged_; }
  std::size_t doubtful() const { return doubtful_; }

 private:
  // A kind of request of the plan.
  struct Move {
    int weight;  // how often, of all
    bool (Client::*possible)(const Key& key) const;
    void (Client::*make)(HttpClient& http, const std::string& key, Key& state);
  };
  static const std::vector<Move>& Plan() {
    static const std::vector<Move> plan = {
        {4, &Client::IsAbsent, &Client::NativePut},
        {2, &Client::IsPresent, &Client::NativeDelete},
        {6, &Client::Always, &Client::S3Put},
        {2, &Client::Always, &Client::S3PutWithMetadata},
        {2, &Client::IsPresent, &Client::S3Delete},
        {3, &Client::Always, &Client::S3Copy},
        {1, &Client::Always, &Client::S3Multipart},
    };
    return plan;
  }
  bool Always(const Key&) const { return true; }
  bool IsAbsent(const Key& key) const { return key.state().empty(); }
  bool IsPresent(const Key& key) const { return !key.state().empty(); }

  void Step(HttpClient& http) {
    const std::string key = bucket_ + "/key " + std::to_string(random_() % kKeysOfAClient);
    Key& state = keys_[key];
    // Nothing can be said of what is built upon a doubtful state: it waits for the check.
    if (!state.known()) {
      std::this_thread::sleep_for(1ms);
      return;
    }
    int all = 0;
    for (const Move& move : Plan()) all += move.weight;
    int pick = static_cast<int>(random_() % static_cast<unsigned>(all));
    for (const Move& move : Plan()) {
      pick -= move.weight;
      if (pick >= 0) continue;
      if ((this->*move.possible)(state)) (this->*move.make)(http, key, state);
      return;
    }
  }

  std::string NewName() {
    const unsigned choice = random_() % 20;
    const std::uint64_t size = choice == 0 ? (2 << 20) + random_() % 1000 : random_() % 20'000;
    return std::to_string(random_() % 1'000'000) + "," + std::to_string(size);
  }

  // Sends it, and notes what it leaves behind.
  HttpResponse Send(HttpClient& http, HttpRequest request, Key& state, const std::string& after,
                    int success) {
    request.timeout = 90s;
    const HttpResponse response = http.Do(request);
    state.Note(request.method + " " + request.url.substr(url_.size()) + " [" + after.substr(0, 40) +
               "] " + std::to_string(response.status) + " " + response.error);
    if (response.status == success) {
      state.states = {after};
      ++acknowledged_;
    } else {
      state.states.insert(after);
      ++doubtful_;
      std::this_thread::sleep_for(10ms);  // the gateway may be gone
    }
    return response;
  }
  std::string Url(const std::string& key) const { return url_ + UrlEncode(key); }

  void NativePut(HttpClient& http, const std::string& key, Key& state) {
    const std::string name = NewName();
    Send(http, {.method = "PUT", .url = Url(key), .body = ValueOf(name)}, state, name, 201);
  }
  void NativeDelete(HttpClient& http, const std::string& key, Key& state) {
    Send(http, {.method = "DELETE", .url = Url(key)}, state, "", 204);
  }
  void S3Put(HttpClient& http, const std::string& key, Key& state) {
    const std::string name = NewName();
    Send(http, {.method = "PUT", .url = Url(key), .headers = {kS3Header}, .body = ValueOf(name)},
         state, name, 200);
  }
  void S3PutWithMetadata(HttpClient& http, const std::string& key, Key& state) {
    const std::string name = NewName();
    Send(http,
         {.method = "PUT",
          .url = Url(key),
          .headers = {"x-amz-meta-name: " + name, "Content-Type: text/x-test"},
          .body = ValueOf(name)},
         state, name, 200);
  }
  void S3Delete(HttpClient& http, const std::string& key, Key& state) {
    Send(http, {.method = "DELETE", .url = Url(key), .headers = {kS3Header}}, state, "", 204);
  }
  void S3Copy(HttpClient& http, const std::string& key, Key& state) {
    for (const auto& [other, source] : keys_) {
      if (other == key || !source.known() || source.state().empty()) continue;
      Send(
          http,
          {.method = "PUT", .url = Url(key), .headers = {"x-amz-copy-source: " + UrlEncode(other)}},
          state, source.state(), 200);
      return;
    }
  }
  // Two parts one time in four, else one, which may be small.
  void S3Multipart(HttpClient& http, const std::string& key, Key& state) {
    const std::uint64_t size = random_() % 4 == 0 ? kSmallestPart + random_() % 1000 : 1000;
    const std::string name = std::to_string(random_() % 1'000'000) + "," + std::to_string(size);
    const std::string value = ValueOf(name);
    const HttpResponse begun =
        http.Do({.method = "POST", .url = Url(key) + "?uploads", .headers = {kS3Header}});
    const std::size_t at = begun.body.find("<UploadId>");
    if (begun.status != 200 || at == std::string::npos) return;
    const std::size_t begin = at + std::string("<UploadId>").size();
    const std::string id = begun.body.substr(begin, begun.body.find('<', begin) - begin);
    std::string parts;
    int number = 0;
    for (std::size_t sent = 0; sent < value.size(); sent += kSmallestPart) {
      ++number;
      const HttpResponse part = http.Do(
          {.method = "PUT",
           .url = Url(key) + "?partNumber=" + std::to_string(number) + "&uploadId=" + UrlEncode(id),
           .headers = {kS3Header},
           .body = value.substr(sent, kSmallestPart)});
      if (part.status != 200) return;  // nothing was done to the key
      parts += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" +
               part.Header("ETag") + "</ETag></Part>";
    }
    const std::string before = state.state();
    const HttpResponse done =
        Send(http,
             {.method = "POST",
              .url = Url(key) + "?uploadId=" + UrlEncode(id),
              .headers = {kS3Header},
              .body = "<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>"},
             state, name, 200);
    // S3 may tell of a failure in the body of a 200
    // (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
    if (done.status == 200 && done.body.find("<ETag>") == std::string::npos) {
      state.states = {before, name};
    }
  }

  const std::string bucket_;
  const std::string url_;
  std::mt19937_64 random_;
  std::map<std::string, Key> keys_;
  std::size_t acknowledged_ = 0;
  std::size_t doubtful_ = 0;
};

class Harness {
 public:
  explicit Harness(std::uint64_t seed) : random_(seed), cluster_(Impatient(4)) {
    for (int i = 0; i < kClients; ++i) {
      clients_.emplace_back(i, random_(), cluster_.gateway().url());
      EXPECT_EQ(cluster_.client()
                    .Do({.method = "PUT",
                         .url = cluster_.gateway().url() + clients_.back().bucket(),
                         .headers = {kS3Header}})
                    .status,
                200);
    }
    // The last volume moves to a disk that can be filled. It holds nothing but what these made.
    NginxVolume& last = cluster_.volume(3);
    last.Stop();
    const std::filesystem::path aside = cluster_.folder() / "aside";
    std::filesystem::rename(last.folder(), aside);
    std::filesystem::create_directory(last.folder());
    disk_.emplace(last.folder(), "64m");
    std::filesystem::copy(aside, last.folder(), std::filesystem::copy_options::recursive);
    last.Start();
  }
  ~Harness() { cluster_.volume(3).Stop(); }  // before its disk goes

  void Round() {
    std::atomic<bool> stop{false};
    {
      std::vector<std::jthread> threads;
      for (Client& client : clients_) {
        threads.emplace_back([&client, &stop] { client.Work(stop); });
      }
      Disturb();
      stop = true;
    }
    Repair();
    Check();
  }

  void Report(int rounds) {
    std::size_t acknowledged = 0;
    std::size_t doubtful = 0;
    for (const Client& client : clients_) {
      acknowledged += client.acknowledged();
      doubtful += client.doubtful();
    }
    std::printf(
        "%d rounds: %zu requests acknowledged, %zu in doubt, %d kills of the gateway, "
        "%d of volumes, %d pauses, %d full disks\n",
        rounds, acknowledged, doubtful, gateway_kills_, volume_kills_, pauses_, full_disks_);
    std::fflush(stdout);
  }

 private:
  void Sleep(unsigned least_ms, unsigned more_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(least_ms + random_() % more_ms));
  }

  // On the test's own thread: what it starts dies with the thread that started it.
  void Disturb() {
    Sleep(50, 200);
    NginxVolume& volume = cluster_.volume(random_() % 4);
    switch (random_() % 4) {
      case 0:
        volume.Kill();
        ++volume_kills_;
        break;
      case 1:
        volume.Pause();
        paused_ = &volume;
        ++pauses_;
        break;
      case 2:
        if (disk_->mounted() && disk_->free() > (1 << 20)) {
          disk_->Fill(Filler(), random_() % 2 == 0 ? 20 << 10 : 300 << 10);
          ++full_disks_;
        }
        break;
      default:
        break;
    }
    Sleep(100, 400);
    if (random_() % 2 == 0) BringBack();  // else only once the gateway has died
    Sleep(20, 200);
    cluster_.gateway().Kill();
    ++gateway_kills_;
    // While it recovers.
    for (std::uint64_t again = random_() % 3; again > 0; --again) {
      cluster_.gateway().Start();
      Sleep(0, 80);
      cluster_.gateway().Kill();
      ++gateway_kills_;
    }
  }

  std::filesystem::path Filler() { return cluster_.volume(3).folder() / ".nginx" / "filler"; }

  void BringBack() {
    if (paused_ != nullptr) std::exchange(paused_, nullptr)->Resume();
    std::filesystem::remove(Filler());
    for (std::size_t i = 0; i < 4; ++i) {
      if (!cluster_.volume(i).running()) cluster_.volume(i).Start();
    }
  }

  void Repair() {
    BringBack();
    cluster_.gateway().Start();
  }

  HttpResponse S3Get(const std::string& path) {
    return cluster_.client().Do(
        {.url = cluster_.gateway().url() + path, .headers = {kS3Header}, .timeout = 60s});
  }

  void Check() {
    std::set<std::string> listed;
    for (const std::string& key : cluster_.List("/client")) listed.insert(key);
    std::set<std::string> readable;
    for (Client& client : clients_) {
      std::set<std::string> of_client;
      for (auto& [key, state] : client.keys()) {
        const std::string found = NameOf(cluster_.Get(key));
        ASSERT_TRUE(state.states.contains(found))
            << key << " holds " << found << ", not " << *state.states.rbegin() << state.History();
        ASSERT_EQ(NameOf(S3Get(UrlEncode(key))), found) << key << state.History();
        state.states = {found};
        state.Note("checked: [" + found + "]");
        if (!found.empty()) {
          readable.insert(key);
          of_client.insert(key.substr(client.bucket().size() + 1));
        }
      }
      const std::string xml = S3Get(client.bucket() + "?list-type=2&encoding-type=url").body;
      std::size_t keys = 0;
      for (std::size_t at = 0; (at = xml.find("<Key>", at)) != std::string::npos; ++at) ++keys;
      EXPECT_EQ(keys, of_client.size()) << xml;
    }
    EXPECT_EQ(listed, readable);
    const SettledStore store = ExpectNothingLeftOver(cluster_);
    std::set<std::string> records;
    for (const auto& [key, object] : store.objects) {
      if (key.starts_with("/client")) records.insert(key);
    }
    EXPECT_EQ(records, readable);
    cluster_.gateway().Start();
  }

  std::mt19937_64 random_;
  Cluster cluster_;
  std::optional<SmallDisk> disk_;
  std::vector<Client> clients_;
  NginxVolume* paused_ = nullptr;
  int gateway_kills_ = 0;
  int volume_kills_ = 0;
  int pauses_ = 0;
  int full_disks_ = 0;
};

TEST(MKV_FAULT_SUITE, NothingAcknowledgedIsLostAndNothingIsLeftOver) {
  const char* given = std::getenv("MKV_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("MKV_SEED=" + std::to_string(seed));
  Harness harness(seed);
  for (int round = 0; round < MKV_FAULT_ROUNDS && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    harness.Round();
    if (round % 10 == 9) harness.Report(round + 1);
  }
}

}  // namespace
}  // namespace mkv::testing
