#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mkvcore/store/found_key.h"

namespace mkv {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

class ChooseBlobTest : public ::testing::Test {
 protected:
  // On the volume that is the `rank`th for the key.
  void Found(std::size_t rank, Generation generation, std::uint64_t size = 10) {
    found_.blobs.push_back({order_.at(rank), generation, false, size, 1000});
  }
  Choice Choose() const { return ChooseBlob(found_, placement_, pending_, old_); }
  void Pending(Generation generation, const std::string& volume, bool original_spelling) {
    format::PendingBlob& blob = *pending_.add_blobs();
    blob.set_generation(generation);
    blob.set_original_spelling(original_spelling);
    blob.add_places()->set_volume(volume);
  }
  // What the old index says of the key.
  void Known(Generation generation, std::uint64_t size, std::vector<std::string> volumes = {}) {
    old_.emplace();
    old_->key = found_.key;
    old_->record.volumes = std::move(volumes);
    old_->metadata.emplace();
    old_->metadata->set_generation(generation);
    old_->metadata->set_size(size);
  }

  const Placement placement_{{"a:1", "b:1", "c:1", "d:1", "e:1"}, 3, 4};
  const std::vector<std::string> order_ = placement_.Order("/key");
  FoundKey found_{"/key", {}, {}};
  format::Pending pending_;
  std::optional<Object> old_;
};

TEST_F(ChooseBlobTest, VolumesAreInPlacementOrder) {
  for (std::size_t rank : {2, 0, 1}) Found(rank, kPlain);
  EXPECT_THAT(Choose().blob->volumes, ElementsAreArray(placement_.Choose("/key")));
}

TEST_F(ChooseBlobTest, OtherSubvolumesComeAfterTheIdealOnes) {
  found_.blobs.push_back({"z:1/sv00", kPlain, false, 10, 1});
  found_.blobs.push_back({"a:1", kPlain, false, 10, 1});
  Found(4, kPlain);
  Found(0, kPlain);
  EXPECT_THAT(Choose().blob->volumes, ElementsAre(order_[0], order_[4], "a:1", "z:1/sv00"));
}

TEST_F(ChooseBlobTest, GreatestCompleteGenerationIsTheValue) {
  for (std::size_t rank : {0, 1, 2}) Found(rank, kPlain);
  for (std::size_t rank : {0, 1, 2}) Found(rank, 5);
  for (std::size_t rank : {0, 1}) Found(rank, 7);
  const Choice choice = Choose();
  EXPECT_EQ(choice.blob->generation, 5u);
  EXPECT_EQ(choice.superseded, 2u);
}

TEST_F(ChooseBlobTest, WithoutACompleteOneTheGreatestGenerationIsTheValue) {
  for (std::size_t rank : {0, 1}) Found(rank, 5);
  Found(0, 7);
  const Choice choice = Choose();
  EXPECT_EQ(choice.blob->generation, 7u);
  EXPECT_THAT(choice.blob->volumes, ElementsAre(order_[0]));
}

TEST_F(ChooseBlobTest, TwoSubvolumesOfOneHostAreNotTwoReplicas) {
  for (std::size_t rank : {0, 1, 2}) Found(rank, 5);
  for (const char* volume : {"a:1/sv00", "a:1/sv01", "a:1/sv02"}) {
    found_.blobs.push_back({volume, 7, false, 10, 1});
  }
  EXPECT_EQ(Choose().blob->generation, 5u);
}

TEST_F(ChooseBlobTest, ReplicasOfAnotherSizeThanMostAreLeftOut) {
  Found(0, kPlain, 10);
  Found(1, kPlain, 20);
  Found(2, kPlain, 10);
  const Choice choice = Choose();
  EXPECT_EQ(choice.blob->size, 10u);
  EXPECT_THAT(choice.blob->volumes, ElementsAre(order_[0], order_[2]));
  EXPECT_THAT(choice.blob->disagreeing, ElementsAre(order_[1]));
}

TEST_F(ChooseBlobTest, InATieTheGreaterSizeCounts) {
  Found(0, kPlain, 10);
  Found(1, kPlain, 20);
  EXPECT_EQ(Choose().blob->size, 20u);
}

TEST_F(ChooseBlobTest, ASizeThatTheIndexKnowsOutvotesTheMajority) {
  Found(0, kPlain, 10);
  Found(1, kPlain, 20);
  Found(2, kPlain, 10);
  Known(kPlain, 20);
  EXPECT_EQ(Choose().blob->size, 20u);
  Known(kPlain, 30);
  EXPECT_EQ(Choose().blob->size, 10u);
  Known(5, 20);
  EXPECT_EQ(Choose().blob->size, 10u);
}

TEST_F(ChooseBlobTest, WhatIsPendingIsNoValue) {
  for (std::size_t rank : {0, 1, 2}) Found(rank, 5);
  for (std::size_t rank : {0, 1, 2}) Found(rank, 7);
  for (std::size_t rank : {0, 1, 2}) Pending(7, order_[rank], false);
  Choice choice = Choose();
  EXPECT_EQ(choice.blob->generation, 5u);
  EXPECT_EQ(choice.pending, 3u);
  EXPECT_EQ(choice.superseded, 0u);
  for (std::size_t rank : {0, 1, 2}) Pending(5, order_[rank], false);
  EXPECT_FALSE(Choose().blob);
}

TEST_F(ChooseBlobTest, OnlyThePendingReplicasOfABlobAreLeftOut) {
  for (std::size_t rank : {0, 1, 2, 3}) Found(rank, 5);
  Pending(5, order_[3], false);
  EXPECT_THAT(Choose().blob->volumes, ElementsAre(order_[0], order_[1], order_[2]));
}

// The original has put a value where another one was about to be deleted.
TEST_F(ChooseBlobTest, WhatTheOldIndexsRecordNamesIsAValueThoughItIsPending) {
  for (std::size_t rank : {0, 1, 2, 3}) Found(rank, kPlain);
  for (std::size_t rank : {0, 1, 2, 3}) Pending(kPlain, order_[rank], false);
  old_.emplace();
  old_->key = found_.key;
  old_->record.volumes = {order_[0], order_[1], order_[2]};
  const Choice choice = Choose();
  ASSERT_TRUE(choice.blob);
  EXPECT_THAT(choice.blob->volumes, ElementsAre(order_[0], order_[1], order_[2]));
  EXPECT_EQ(choice.pending, 1u);
}

TEST_F(ChooseBlobTest, ARecordOfAnotherGenerationMakesNoValueOfWhatIsPending) {
  for (std::size_t rank : {0, 1, 2}) Found(rank, 5);
  for (std::size_t rank : {0, 1, 2}) Pending(5, order_[rank], false);
  Known(7, 10, {order_[0], order_[1], order_[2]});
  EXPECT_FALSE(Choose().blob);
}

// A replica that is being written anew when the gateway dies.
TEST_F(ChooseBlobTest, AReplicaUnderRepairIsOneOfTheValue) {
  for (std::size_t rank : {0, 1, 2}) Found(rank, 5);
  Pending(5, order_[1], false);
  Known(5, 10, {order_[0], order_[1], order_[2]});
  EXPECT_THAT(Choose().blob->volumes, ElementsAre(order_[0], order_[1], order_[2]));
}

TEST_F(ChooseBlobTest, ABlobIsAValueThoughItsSidecarsArePending) {
  for (std::size_t rank : {0, 1, 2}) {
    Found(rank, 5);
    Pending(5, order_[rank], false);
    pending_.mutable_blobs()->rbegin()->set_only_sidecar(true);
  }
  EXPECT_THAT(Choose().blob->volumes, ElementsAre(order_[0], order_[1], order_[2]));
  EXPECT_EQ(Choose().pending, 0U);
}

TEST_F(ChooseBlobTest, ThePlainPathIsPendingInEitherSpelling) {
  Found(0, kPlain);
  Pending(kPlain, order_[0], /*original_spelling=*/true);
  EXPECT_FALSE(Choose().blob);
}

TEST_F(ChooseBlobTest, TheSpellingsOfAKeyWithAnEmptySegmentAreDifferentBlobs) {
  found_.key = "/\xff\xff\xff";
  found_.blobs = {{"a:1", kPlain, true, 10, 1}, {"b:1", kPlain, false, 20, 1}};
  Choice choice = Choose();
  EXPECT_FALSE(choice.blob->original_spelling);
  EXPECT_THAT(choice.blob->volumes, ElementsAre("b:1"));
  Pending(kPlain, "b:1", /*original_spelling=*/false);
  choice = Choose();
  EXPECT_TRUE(choice.blob->original_spelling);
  EXPECT_THAT(choice.blob->volumes, ElementsAre("a:1"));
}

TEST_F(ChooseBlobTest, SidecarsGoWithTheirGeneration) {
  Found(0, 5);
  found_.sidecars = {{order_[0], 5, false, 2, 1}, {order_[1], 7, false, 2, 1}};
  const Choice choice = Choose();
  EXPECT_THAT(choice.blob->sidecars, ElementsAre(order_[0]));
  EXPECT_EQ(choice.stray_sidecars, 1u);
}

TEST_F(ChooseBlobTest, SidecarsAloneAreNoValue) {
  found_.sidecars = {{order_[0], 5, false, 2, 1}};
  const Choice choice = Choose();
  EXPECT_FALSE(choice.blob);
  EXPECT_EQ(choice.stray_sidecars, 1u);
}

}  // namespace
}  // namespace mkv
