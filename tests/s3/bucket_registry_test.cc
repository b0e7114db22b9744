// What a registry keeps of a bucket without reading it again, and when it does read it again.
#include "s3api/resources/bucket_registry.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "s3api/protocol/error.h"
#include "tests/store/loop_store_test.h"

namespace mkv::s3 {
namespace {

class BucketRegistryTest : public ::mkv::testing::LoopStoreTest {
 protected:
  static Bucket Named(const std::string& name) {
    Bucket bucket;
    bucket.name = name;
    bucket.owner = "owner";
    return bucket;
  }
  // As somebody does who is deleting the bucket.
  void Mark(const std::string& name) {
    Batch batch;
    batch.Put("bucket-deletion/" + name, "own");
    ASSERT_TRUE(index_->Write(batch, Index::Durability::kOrdered));
  }
  bool IsMarked(const std::string& name) {
    return index_->Get("bucket-deletion/" + name).has_value();
  }

  BucketRegistry buckets_{*store_};
};

TEST_F(BucketRegistryTest, SettingsThatSomebodyElseChangedAreReadAgain) {
  ASSERT_TRUE(buckets_.Create(Named("bkt")));
  ASSERT_EQ(buckets_.Find("bkt")->acl, Acl::kPrivate);
  EXPECT_EQ(buckets_.LookAt("bkt").bucket->acl, Acl::kPrivate);
  EXPECT_EQ(buckets_.LookAt("bkt").bucket->acl, Acl::kPrivate) << "without reading";

  BucketRegistry others(*store_);
  others.Change("bkt", "owner", [](Bucket& bucket) { bucket.acl = Acl::kPublicRead; });
  EXPECT_TRUE(buckets_.LookAt("bkt").created);
  EXPECT_EQ(buckets_.LookAt("bkt").bucket, std::nullopt) << "the settings are on a volume";
  EXPECT_EQ(buckets_.Find("bkt")->acl, Acl::kPublicRead);
  EXPECT_EQ(buckets_.LookAt("bkt").bucket->acl, Acl::kPublicRead);

  others.Delete("bkt");
  EXPECT_FALSE(buckets_.LookAt("bkt").created);
  EXPECT_EQ(buckets_.Find("bkt"), std::nullopt);
}

TEST_F(BucketRegistryTest, EveryWriteTakesTheMarkOfADeletionAway) {
  ASSERT_TRUE(buckets_.Create(Named("bkt")));
  ASSERT_TRUE(buckets_.Find("bkt"));
  for (int write = 0; write < 3; ++write) {
    buckets_.RequireForCommit("bkt");
    Mark("bkt");
    buckets_.RequireForCommit("bkt");
    EXPECT_FALSE(IsMarked("bkt"));
    buckets_.RequireForCommit("bkt");
  }
}

TEST_F(BucketRegistryTest, NothingIsWrittenIntoABucketThatIsGone) {
  BucketRegistry others(*store_);
  for (int life = 0; life < 3; ++life) {
    ASSERT_TRUE(buckets_.Create(Named("bkt")));
    ASSERT_TRUE(buckets_.Find("bkt"));
    buckets_.RequireForCommit("bkt");
    buckets_.RequireForCommit("bkt");
    others.Delete("bkt");
    EXPECT_THROW(buckets_.RequireForCommit("bkt"), S3Error);
  }
}

}  // namespace
}  // namespace mkv::s3
