// Values, and changes of what is known of them, while a volume carries out late what it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/store/handling.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/sidecar_write.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/memory_source.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/support/http_client.h"
#include "tests/support/temp_folder.h"
#include "tests/volumes/misbehaving_server.h"
#include "tests/volumes/test_volume.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

// In front of a real volume. While it dawdles it takes PUTs and closes the connection without an
// answer; they land on the volume when it is told to, however much that has answered meanwhile.
class DawdlingVolume {
 public:
  enum class Over { kNothing, kSidecars, kNextOfAKeptConnection };

  TestVolume& disk() { return disk_; }
  std::string name() const { return server_.name(); }

  void Dawdle(Over over) { over_ = over; }
  // False when there was nothing.
  bool Land() {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, body] : held_) disk_.Store(path, body);
    return !std::exchange(held_, {}).empty();
  }

 private:
  bool DawdlesOver(const std::string& path, bool kept) {
    if (over_ == Over::kSidecars) return path.ends_with(".meta");
    Over expected = Over::kNextOfAKeptConnection;
    return kept && over_.compare_exchange_strong(expected, Over::kNothing);
  }

  void Relay(MisbehavingServer::Connection& connection) {
    HttpClient client;
    bool kept = false;
    for (std::string head; !(head = connection.ReadHead()).empty(); kept = true) {
      const std::size_t first = head.find(' ');
      const std::string method = head.substr(0, first);
      const std::string path = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
      HttpRequest request{.method = method, .url = disk_.url() + path};
      if (method == "PUT") {
        const std::string length = "Content-Length: ";
        request.body =
            connection.ReadText(std::stoul(head.substr(head.find(length) + length.size())));
        if (DawdlesOver(path, kept)) {
          const std::lock_guard lock(mutex_);
          held_.emplace_back(path, *request.body);
          return connection.Reset();
        }
      }
      const HttpResponse response = client.Do(request);
      std::string answer = "HTTP/1.1 " + std::to_string(response.status) + " As The Disk Says\r\n";
      for (const char* name : {"Content-Length", "Last-Modified"}) {
        if (!response.HasHeader(name)) continue;
        answer += std::string(name) + ": " + response.Header(name) + "\r\n";
      }
      connection.Send(answer + "\r\n" + (method == "HEAD" ? "" : response.body));
    }
  }

  TestVolume disk_;
  std::atomic<Over> over_ = Over::kNothing;
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> held_;
  MisbehavingServer server_{[this](auto& connection, int) { Relay(connection); }};
};

class LateLanding : public ::testing::Test {
 protected:
  static constexpr auto kSettleDelay = 200ms;
  using Over = DawdlingVolume::Over;

  // Nothing is to be done any more; everything is done.
  void Settle() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (collector_.RunPass(/*hurry=*/true).pending > 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::sleep_for(kSettleDelay / 4);
    }
  }
  std::vector<const TestVolume*> Disks() { return {&first_, &second_, &dawdling_.disk()}; }

  TestVolume first_, second_;
  DawdlingVolume dawdling_;
  const TempFolder folder_;
  VolumeHealth health_;
  VolumeClient volumes_{{}, health_};
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open(folder_.path() / "index");
  Store store_{*index_, volumes_,
               std::make_shared<Placement>(
                   std::vector<std::string>{first_.name(), second_.name(), dawdling_.name()}, 3, 1),
               StoreOptions{.garbage_delay = 0ms, .settle_delay = kSettleDelay}};
  GarbageCollector collector_{store_};
};

// A PUT is sent again when its connection dies; the first one may still be carried out.
class LateValue : public LateLanding {
 protected:
  Outcome Put(const std::string& key, const std::string& value) {
    auto begun = store_.BeginPut(key);
    if (const Outcome* refused = std::get_if<Outcome>(&begun)) return *refused;
    MemorySource source(value);
    return store_.PutNew(key, std::get<WritersUnderWay::Token>(begun), source, {}).outcome;
  }
  // The dawdling volume takes it twice, and answers the second time.
  void PutTwice(const std::string& value) {
    ASSERT_EQ(Put("/other", "leaves a connection"), Outcome::kDone);
    dawdling_.Dawdle(Over::kNextOfAKeptConnection);
    ASSERT_EQ(Put("/key", value), Outcome::kDone);
  }
  // Of every volume.
  void ExpectReplicas(const std::string& value) {
    const std::string path = store_.Find("/key").value().Path();
    for (const TestVolume* disk : Disks()) EXPECT_EQ(disk->File(path), value) << disk->name();
  }
  // On every volume lie what the key has and what the other one has; and nothing else.
  void ExpectOnlyTheValue() {
    const std::string path = store_.Find("/key").value().Path();
    for (const TestVolume* disk : Disks()) {
      EXPECT_THAT(disk->Files(), ::testing::UnorderedElementsAre(path, BlobPath("/other", kPlain)));
    }
  }
};

TEST_F(LateValue, OfADeletedKeyDoesNotBecomeThatOfTheNextOne) {
  PutTwice("first");
  ASSERT_EQ(store_.Delete("/key"), Outcome::kDone);
  ASSERT_EQ(Put("/key", "second"), Outcome::kDone);
  EXPECT_TRUE(dawdling_.Land());
  ExpectReplicas("second");
  Settle();
  ExpectReplicas("second");
  ExpectOnlyTheValue();
}

TEST_F(LateValue, OfAKeyThatWasReplacedMeanwhileIsDeletedToo) {
  PutTwice("first");
  MemorySource second("second");
  ASSERT_EQ(store_.Replace("/key", second, {}).outcome, Outcome::kDone);
  collector_.RunPass(/*hurry=*/true);  // every volume answers that the first is gone
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  ExpectReplicas("second");
  ExpectOnlyTheValue();
}

TEST_F(LateValue, OfAKeyThatHasItStillStaysAndThenFreesThePath) {
  PutTwice("first");
  collector_.RunPass(/*hurry=*/true);
  ExpectReplicas("first");
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  ExpectReplicas("first");
  ASSERT_EQ(store_.Delete("/key"), Outcome::kDone);
  ASSERT_EQ(Put("/key", "second"), Outcome::kDone);
  EXPECT_EQ(store_.Find("/key")->generation(), kPlain);
  ExpectReplicas("second");
}

class LateSidecar : public LateLanding {
 protected:
  Store::ReplaceRequest Tagging(const std::string& tag) {
    Store::ReplaceRequest request;
    request.annotates = true;
    request.describe = [tag](format::ObjectMetadata& metadata) {
      metadata.add_tags()->set_key(tag);
    };
    request.sidecar = SidecarFor;
    return request;
  }
  Outcome Write(const std::string& tag) {
    MemorySource source("value");
    return store_.Replace("/key", source, Tagging(tag)).outcome;
  }
  Outcome Tag(const std::string& tag) {
    return store_.UpdateMetadata("/key", Tagging(tag)).outcome;
  }

  // A change that the dawdling volume takes and does not answer.
  void TagInVain() {
    dawdling_.Dawdle(Over::kSidecars);
    EXPECT_EQ(Tag("in vain"), Outcome::kVolumesFailed);
    dawdling_.Dawdle(Over::kNothing);
    const std::vector<BlobLocation> root = {{dawdling_.name(), "/"}};
    EXPECT_TRUE(volumes_.Head(root).front().ok()) << "it counts as down until it answers";
  }
  std::vector<std::string> Tags() {
    std::vector<std::string> tags;
    const Object object = store_.Find("/key").value();
    for (const auto& tag : object.metadata->tags()) tags.push_back(tag.key());
    return tags;
  }
  // On every volume lie the value and a sidecar that says what the index says; and nothing else.
  void ExpectOnlyTheValueAndItsSidecars() {
    const Object object = store_.Find("/key").value();
    const std::string sidecar = SidecarPath("/key", object.generation());
    for (const TestVolume* disk : Disks()) {
      EXPECT_THAT(disk->Files(), ::testing::UnorderedElementsAre(object.Path(), sidecar));
      EXPECT_TRUE(SidecarAgrees(disk->File(sidecar).value_or(""), *object.metadata))
          << disk->name() << ": " << disk->File(sidecar).value_or("none");
    }
  }
};

TEST_F(LateSidecar, OfAKeyThatWasDeletedMeanwhileIsDeletedToo) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  TagInVain();
  ASSERT_EQ(store_.Remove("/key", {}), Outcome::kDone);
  collector_.RunPass(/*hurry=*/true);  // every volume answers that the key is gone
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  for (const TestVolume* disk : Disks()) EXPECT_THAT(disk->Files(), ::testing::IsEmpty());
}

TEST_F(LateSidecar, OfAKeyThatWasNativelyDeletedMeanwhileIsDeletedToo) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  TagInVain();
  ASSERT_EQ(store_.Delete("/key"), Outcome::kDone);
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  for (const TestVolume* disk : Disks()) EXPECT_THAT(disk->Files(), ::testing::IsEmpty());
}

TEST_F(LateSidecar, OfAValueThatWasReplacedMeanwhileIsDeletedWithIt) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  TagInVain();
  ASSERT_EQ(Write("second"), Outcome::kDone);
  collector_.RunPass(/*hurry=*/true);
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  ExpectOnlyTheValueAndItsSidecars();
  EXPECT_THAT(Tags(), ::testing::ElementsAre("second"));
}

TEST_F(LateSidecar, DoesNotReplaceTheNewerOne) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  TagInVain();
  // Where the late one may land nothing is written any more: a value written anew lies elsewhere.
  const Outcome tagged = Tag("later");
  ASSERT_EQ(tagged == Outcome::kDone ? tagged : Write("later"), Outcome::kDone);
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  ExpectOnlyTheValueAndItsSidecars();
  EXPECT_THAT(Tags(), ::testing::Contains("later"));
}

TEST_F(LateSidecar, OnceItHasLandedChangesArePossibleInPlaceAgain) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  const Generation generation = store_.Find("/key")->generation();
  TagInVain();
  EXPECT_EQ(Tag("too early"), Outcome::kImpossible);
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  EXPECT_EQ(Tag("second"), Outcome::kDone);
  EXPECT_EQ(store_.Find("/key")->generation(), generation);
  EXPECT_THAT(Tags(), ::testing::ElementsAre("first", "second"));
  ExpectOnlyTheValueAndItsSidecars();
}

// Sent again, it was taken; the first request is still under way.
TEST_F(LateSidecar, OfAChangeThatWasTakenDoesNotReplaceTheNewerOne) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  dawdling_.Dawdle(Over::kNextOfAKeptConnection);
  ASSERT_EQ(Tag("second"), Outcome::kDone);
  const Outcome tagged = Tag("third");
  ASSERT_EQ(tagged == Outcome::kDone ? tagged : Write("third"), Outcome::kDone);
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  ExpectOnlyTheValueAndItsSidecars();
  EXPECT_THAT(Tags(), ::testing::Contains("third"));
}

// The other volumes took it, but nobody was told that it holds.
TEST_F(LateSidecar, OfAChangeThatFailedIsReplacedByWhatTheIndexSays) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  TagInVain();
  EXPECT_TRUE(dawdling_.Land());
  Settle();
  EXPECT_THAT(Tags(), ::testing::ElementsAre("first"));
  ExpectOnlyTheValueAndItsSidecars();
}

TEST_F(LateSidecar, OfAProcessThatDiedIsReplacedByWhatTheIndexSays) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  const std::vector<std::string> volumes = store_.Find("/key")->record.volumes;
  {
    HandledBlobs handled;
    SidecarWrite write(*index_, handled, store_.NextPendingId(0));
    KeyState state = KeyState::Read(*index_, "/key");
    write.Announce(state, volumes);
    ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));
    format::ObjectMetadata changed = *state.object()->metadata;
    changed.add_tags()->set_key("unheard of");
    changed.set_annotated_us(changed.mtime_us() + 1);
    ASSERT_TRUE(write.Write(volumes_, SidecarFor(changed)));
  }
  GarbageCollector after{store_};
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (after.RunPass(/*hurry=*/true).pending > 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(kSettleDelay / 4);
  }
  EXPECT_THAT(Tags(), ::testing::ElementsAre("first"));
  ExpectOnlyTheValueAndItsSidecars();
}

TEST_F(LateSidecar, ManyChangesAtOnceAreAllKeptAndTheSidecarsAreOfTheLast) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  constexpr int kThreads = 8;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([this, i] { EXPECT_EQ(Tag(std::to_string(i)), Outcome::kDone); });
    }
  }
  EXPECT_THAT(Tags(), ::testing::SizeIs(kThreads + 1));
  Settle();
  ExpectOnlyTheValueAndItsSidecars();
}

TEST_F(LateSidecar, ChangesAndNewValuesAtOnceLeaveNothingOver) {
  ASSERT_EQ(Write("first"), Outcome::kDone);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this, i] {
        for (int round = 0; round < 5; ++round) {
          const std::string tag = std::to_string(i) + "." + std::to_string(round);
          EXPECT_EQ(i == 0 ? Write(tag) : Tag(tag), Outcome::kDone);
        }
      });
    }
  }
  Settle();
  ExpectOnlyTheValueAndItsSidecars();
}

}  // namespace
}  // namespace mkv::testing
