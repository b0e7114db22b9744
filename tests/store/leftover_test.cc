// The original deletes a key that we had overwritten, or puts another value there. It knows the
// plain path only, so our last value is left on the volumes, and in the index what we knew of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/volumes/memory_source.h"
#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr std::string_view kKey = "/bucket/key";

class Leftover : public testing::LoopStoreTest {
 protected:
  static StoreOptions Options() {
    StoreOptions options;
    options.garbage_delay = 0ms;
    return options;
  }

  void Replace(const std::string& value, bool sidecar = false) {
    MemorySource source(value);
    ASSERT_EQ(own_.Replace(kKey, source, sidecar ? WithSidecar() : Store::ReplaceRequest()).outcome,
              Outcome::kDone);
  }
  // The key's value lies at a generation.
  Object Overwritten() {
    Replace("one");
    Replace("two");
    (void)collector_.RunPass(/*hurry=*/true);
    Object object = own_.Find(kKey).value();
    EXPECT_NE(object.generation(), kPlain);
    return object;
  }
  void DeleteAsTheOriginal() {
    for (testing::TestVolume& volume : volumes_) {
      std::filesystem::remove(volume.folder().string() + BlobPath(kKey, kPlain));
    }
    Batch batch;
    batch.Delete(kKey);
    ASSERT_TRUE(index_->Write(batch, Index::Durability::kOrdered));
  }
  void PutAsTheOriginal(const std::string& value) {
    const std::vector<std::string> volumes = own_.placement()->Choose(kKey);
    for (const std::string& name : volumes) Volume(name).Store(OriginalBlobPath(kKey), value);
    // In another order than ours: a rebalance changes the record.
    Batch batch;
    batch.Put(kKey, Record{false, "", {volumes.rbegin(), volumes.rend()}}.Encode());
    ASSERT_TRUE(index_->Write(batch, Index::Durability::kOrdered));
  }
  Outcome PutNew(const std::string& value) {
    auto begun = own_.BeginPut(kKey);
    MemorySource source(value);
    return own_.PutNew(kKey, std::get<WritersUnderWay::Token>(begun), source, {}).outcome;
  }
  std::vector<std::string> FilesOf(const Object& object) {
    std::vector<std::string> files;
    for (const BlobLocation& replica : object.Replicas()) {
      if (Volume(replica.volume).File(replica.path)) files.push_back(replica.volume + replica.path);
    }
    return files;
  }

  Store own_{*index_, *client_, std::make_shared<const Placement>(names_, 2, 1), Options()};
  GarbageCollector collector_{own_};
};

TEST_F(Leftover, OfADeletedKeyIsOlderThanTheNextValueAndGoesWithIt) {
  const Object left = Overwritten();
  DeleteAsTheOriginal();
  EXPECT_FALSE(own_.Find(kKey));
  ASSERT_EQ(PutNew("three"), Outcome::kDone);
  EXPECT_GT(own_.Find(kKey)->generation(), left.generation()) << "a rebuild takes the greatest";
  (void)collector_.RunPass(/*hurry=*/true);
  EXPECT_THAT(FilesOf(left), IsEmpty());
  EXPECT_EQ(Values(std::string(kKey)), std::vector<std::string>(2, "three"));
}

TEST_F(Leftover, OfAReplacedKeyGoesWithWhateverChangesTheKey) {
  const std::vector<std::pair<const char*, std::function<void()>>> changes = {
      {"replace", [this] { Replace("four"); }},
      {"delete", [this] { EXPECT_EQ(own_.Delete(kKey), Outcome::kDone); }},
      {"unlink", [this] { EXPECT_EQ(own_.Unlink(kKey), Outcome::kDone); }},
      {"remove", [this] { EXPECT_EQ(own_.Remove(kKey, {}), Outcome::kDone); }},
      {"rebalance", [this] { EXPECT_EQ(own_.RebalanceQuietly(kKey).outcome, Outcome::kDone); }},
      {"rebalance together",
       [this] {
         if (own_.RebalanceTogether({std::string(kKey)}).at(0)) return;
         EXPECT_EQ(own_.RebalanceQuietly(kKey).outcome, Outcome::kDone);
       }},
      {"learn",
       [this] {
         std::vector<Object> objects = {own_.Find(kKey).value()};
         own_.Learn(objects);
         EXPECT_TRUE(own_.Find(kKey)->metadata);
       }},
  };
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    const Object left = Overwritten();
    PutAsTheOriginal("three");
    ASSERT_FALSE(own_.Find(kKey)->metadata);
    change();
    (void)collector_.RunPass(/*hurry=*/true);
    EXPECT_THAT(FilesOf(left), IsEmpty());
    if (own_.Find(kKey)) {
      EXPECT_EQ(own_.Delete(kKey), Outcome::kDone);
    }
    (void)collector_.RunPass(/*hurry=*/true);
  }
}

// A rebuild would take it for the next value's.
TEST_F(Leftover, OfAKeyOnThePlainPathIsItsSidecar) {
  Replace("one", /*sidecar=*/true);
  const Object before = own_.Find(kKey).value();
  ASSERT_EQ(before.generation(), kPlain);
  DeleteAsTheOriginal();
  ASSERT_EQ(PutNew("two"), Outcome::kDone);
  (void)collector_.RunPass(/*hurry=*/true);
  for (testing::TestVolume& volume : volumes_) {
    EXPECT_FALSE(volume.File(SidecarPath(kKey, kPlain)));
  }
  EXPECT_EQ(Values(std::string(kKey)), std::vector<std::string>(2, "two"));
}

TEST_F(Leftover, OfAKeyThatTheOriginalUnlinkedIsTheValueStill) {
  const Object before = Overwritten();
  Batch batch;
  batch.Put(kKey, "DELETED" + before.record.Encode());
  ASSERT_TRUE(index_->Write(batch, Index::Durability::kOrdered));
  EXPECT_TRUE(own_.Find(kKey)->record.unlinked);
  EXPECT_EQ(own_.Find(kKey)->generation(), before.generation());
  EXPECT_EQ(own_.Delete(kKey), Outcome::kDone);
  EXPECT_THAT(FilesOf(before), IsEmpty());
  EXPECT_FALSE(index_->Get(MetadataKey(kKey)));
}

}  // namespace
}  // namespace mkv
