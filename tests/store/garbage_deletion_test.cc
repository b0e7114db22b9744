#include "mkvcore/store/garbage_deletion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "mkvcore/volumes/volume_health.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kSettleDelay = 300ms;

class GarbageDeletion : public ::testing::Test {
 protected:
  static VolumeOptions Impatient() {
    VolumeOptions options;
    options.timeouts.remove = 1s;
    return options;
  }

  void Put(const testing::NginxVolume& volume, const std::string& path) {
    ASSERT_EQ(http_.Put(volume.url() + path, "value").status, 201);
  }
  // One blob of generation 7 on both volumes.
  format::PendingBlob Blob() {
    format::PendingBlob blob;
    blob.set_id(42);
    blob.set_kind(format::PendingBlob::GARBAGE);
    blob.set_generation(7);
    for (const testing::NginxVolume* volume : {&first_, &second_}) {
      blob.add_places()->set_volume(volume->name());
    }
    return blob;
  }
  void Delete(format::PendingBlob& blob, const PlaceFilter& filter = {}) {
    DeleteBlobs(client_, {{"/key", &blob}}, kSettleDelay, filter);
  }

  const testing::TempFolder folder_;
  testing::NginxVolume first_{{.folder = folder_.path() / "1", .subvolumes = 1}};
  testing::NginxVolume second_{{.folder = folder_.path() / "2", .subvolumes = 1}};
  testing::HttpClient http_;
  VolumeHealth health_;
  VolumeClient client_{Impatient(), health_};
  const std::string path_ = BlobPath("/key", 7);
};

TEST_F(GarbageDeletion, RemovesEveryReplica) {
  Put(first_, path_);
  Put(second_, path_);
  Put(second_, BlobPath("/key", 8));
  format::PendingBlob blob = Blob();
  Delete(blob);
  EXPECT_THAT(blob.places(), IsEmpty());
  EXPECT_THAT(first_.Files(), IsEmpty());
  EXPECT_THAT(second_.Files(), SizeIs(1)) << "another generation is another blob";
}

TEST_F(GarbageDeletion, IsDoneWhereThereIsNothing) {
  format::PendingBlob blob = Blob();
  Delete(blob);
  EXPECT_THAT(blob.places(), IsEmpty());
}

TEST_F(GarbageDeletion, RemovesTheSidecarToo) {
  Put(first_, path_);
  Put(first_, SidecarPath("/key", 7));
  format::PendingBlob blob = Blob();
  blob.set_sidecar(true);
  Delete(blob);
  EXPECT_THAT(blob.places(), IsEmpty());
  EXPECT_THAT(first_.Files(), IsEmpty());
}

TEST_F(GarbageDeletion, RemovesNothingButTheSidecarWhereThatAloneIsGarbage) {
  Put(first_, path_);
  Put(first_, SidecarPath("/key", 7));
  format::PendingBlob blob = Blob();
  blob.set_sidecar(true);
  blob.set_only_sidecar(true);
  Delete(blob);
  EXPECT_THAT(blob.places(), IsEmpty());
  EXPECT_THAT(first_.Files(), ::testing::ElementsAre(path_));
}

TEST_F(GarbageDeletion, KeepsThePlaceOfAVolumeThatIsDown) {
  Put(second_, path_);
  first_.Stop();
  format::PendingBlob blob = Blob();
  Delete(blob);
  ASSERT_THAT(blob.places(), SizeIs(1));
  EXPECT_EQ(blob.places(0).volume(), first_.name());
  EXPECT_FALSE(blob.places(0).unanswered()) << "nothing was sent";
  EXPECT_THAT(second_.Files(), IsEmpty());

  first_.Start();
  Delete(blob);
  EXPECT_THAT(blob.places(), IsEmpty());
}

// The request that timed out lies in the volume's socket and is carried out when the volume wakes:
// one answer is not enough, for what is under way may land after it.
TEST_F(GarbageDeletion, AsksAgainAfterARequestThatWasNeverAnswered) {
  Put(first_, path_);
  first_.Pause();
  format::PendingBlob blob = Blob();
  Delete(blob);
  ASSERT_THAT(blob.places(), SizeIs(1));
  EXPECT_EQ(blob.places(0).volume(), first_.name());
  EXPECT_TRUE(blob.places(0).unanswered());
  EXPECT_EQ(blob.places(0).answered_at_us(), 0);

  first_.Resume();
  Delete(blob);
  ASSERT_THAT(blob.places(), SizeIs(1)) << "it answers, for the first time";
  EXPECT_NE(blob.places(0).answered_at_us(), 0);
  EXPECT_THAT(first_.Files(), IsEmpty());

  std::this_thread::sleep_for(kSettleDelay);
  Delete(blob);
  EXPECT_THAT(blob.places(), IsEmpty());
}

TEST_F(GarbageDeletion, AsksOnlyThePlacesThatAreWanted) {
  Put(first_, path_);
  Put(second_, path_);
  format::PendingBlob blob = Blob();
  Delete(blob, [this](const format::PendingBlob::Place& place) {
    return place.volume() == second_.name();
  });
  ASSERT_THAT(blob.places(), SizeIs(1));
  EXPECT_EQ(blob.places(0).volume(), first_.name());
  EXPECT_THAT(first_.Files(), SizeIs(1));
  EXPECT_THAT(second_.Files(), IsEmpty());
}

}  // namespace
}  // namespace mkv
