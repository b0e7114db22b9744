// A volume that answers, but takes nothing: its disk is full, or not writable.
//
// The full disk is a small tmpfs, which only root may mount: skipped otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>

#include "tests/faults/settled_store.h"
#include "tests/faults/small_disk.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RefusingVolume : public ::testing::Test {
 protected:
  static ClusterOptions Options() {
    ClusterOptions options = Impatient(4);
    options.subvolumes = 1;
    return options;
  }
  void SetUp() override {
    ASSERT_EQ(cluster_.Put("/key", "probe").status, 201);
    const std::string volumes = cluster_.Head("/key").Header("Key-Volumes");
    ASSERT_EQ(cluster_.Delete("/key").status, 204);
    volume_ = &cluster_.VolumeNamed(volumes.substr(0, volumes.find(',')));
    volume_->Stop();
    PrepareVolume();
    if (IsSkipped()) return;
    volume_->Start();
    // Their connections were to the volume that is gone; and nothing is known of it.
    ASSERT_EQ(cluster_.gateway().Terminate(), 0);
    cluster_.gateway().Start();
  }
  virtual void PrepareVolume() {}

  // The volume is not mentioned, and the value is there.
  void ExpectElsewhere(std::string_view key, const GeneratedValue& value) {
    const HttpResponse head = cluster_.Head(key);
    EXPECT_THAT(head.Header("Key-Volumes"), Not(HasSubstr(volume_->name())));
    EXPECT_EQ(head.Header("Key-Balance"), "unbalanced");
    EXPECT_EQ(cluster_.client().Fetch(cluster_.gateway().Url(key)).md5, value.Md5());
  }
  HttpResponse PutStreamed(std::string_view key, const GeneratedValue& value) {
    return cluster_.client().Do({.method = "PUT",
                                 .url = cluster_.gateway().Url(key),
                                 .producer = value.Producer(),
                                 .size = value.size()});
  }

  Cluster cluster_{Options()};
  NginxVolume* volume_ = nullptr;
};

class FullVolume : public RefusingVolume {
 protected:
  void PrepareVolume() override {
    disk_.emplace(volume_->folder(), "8m");
    if (!disk_->mounted()) GTEST_SKIP() << "a tmpfs can not be mounted here";
  }
  void TearDown() override {
    if (volume_) volume_->Stop();  // before its disk goes
  }

  std::optional<SmallDisk> disk_;
};

class UnwritableVolume : public RefusingVolume {
 protected:
  // Root may write everywhere, so nginx must be somebody else.
  void PrepareVolume() override {
    namespace fs = std::filesystem;
    if (geteuid() != 0) return;
    ASSERT_EQ(chmod(cluster_.folder().c_str(), 0755), 0);
    for (const auto& entry : fs::recursive_directory_iterator(volume_->folder())) {
      ASSERT_EQ(lchown(entry.path().c_str(), kNobody, kNogroup), 0) << entry.path();
    }
    ASSERT_EQ(chown(volume_->folder().c_str(), kNobody, kNogroup), 0);
  }
  void SetWritable(bool writable) {
    namespace fs = std::filesystem;
    const auto perms = fs::perms(writable ? 0755 : 0555);
    for (auto it = fs::recursive_directory_iterator(volume_->folder());
         it != fs::recursive_directory_iterator(); ++it) {
      if (it->path().filename() == ".nginx") {
        it.disable_recursion_pending();
      } else if (it->is_directory()) {
        fs::permissions(it->path(), perms);
      }
    }
    fs::permissions(volume_->folder(), perms);
  }

  static constexpr uid_t kNobody = 65534;  // Debian's base-passwd
  static constexpr gid_t kNogroup = 65534;
};

TEST_F(FullVolume, ItIsReplacedForAValueThatIsHeld) {
  disk_->Fill(volume_->folder() / ".nginx" / "filler", /*leave_free=*/100 << 10);
  const GeneratedValue value(1, 600 << 10);
  EXPECT_EQ(cluster_.Put("/key", value.Bytes()).status, 201);
  ExpectElsewhere("/key", value);
  ExpectNothingLeftOver(cluster_);
}

TEST_F(FullVolume, InTheMiddleOfAStreamItIsAvoidedNextTime) {
  disk_->Fill(volume_->folder() / ".nginx" / "filler", /*leave_free=*/3 << 20);
  const GeneratedValue value(2, 40 << 20);
  // Answered 500, or cut off before the client looks for an answer.
  EXPECT_NE(PutStreamed("/key", value).status, 201);
  EXPECT_EQ(cluster_.Get("/key").status, 404);
  EXPECT_EQ(PutStreamed("/key", value).status, 201);
  ExpectElsewhere("/key", value);
  ExpectNothingLeftOver(cluster_);
}

TEST_F(UnwritableVolume, IsReplacedAndItsDeletesWait) {
  ASSERT_EQ(cluster_.Put("/key", "on the volume").status, 201);
  EXPECT_THAT(cluster_.Head("/key").Header("Key-Volumes"), HasSubstr(volume_->name()));
  SetWritable(false);
  EXPECT_EQ(cluster_.Delete("/key").status, 204);
  EXPECT_EQ(cluster_.Get("/key").status, 404);
  const GeneratedValue value(3, 1000);
  EXPECT_EQ(cluster_.Put("/key", value.Bytes()).status, 201);
  ExpectElsewhere("/key", value);

  SetWritable(true);
  ExpectNothingLeftOver(cluster_);
}

}  // namespace
}  // namespace mkv::testing
