// A volume that was gone while the store went on comes back with what it held: nothing of it wins
// over what was written since.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/program.h"
#include "tests/faults/settled_store.h"
#include "tests/support/file_text.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kOfAKind = 8;

class ReturningVolume : public ::testing::Test {
 protected:
  static std::string Key(const std::string& kind, int i) {
    return "/bucket/" + kind + " " + std::to_string(i);
  }
  void S3Put(const std::string& key, const std::string& value) {
    const HttpResponse put = cluster_.client().Do({.method = "PUT",
                                                   .url = cluster_.gateway().Url(key),
                                                   .headers = {"x-amz-meta-since: " + value},
                                                   .body = value});
    EXPECT_EQ(put.status, 200) << put.body;
  }
  std::optional<int> RunAtServer(std::vector<std::string> command) {
    command.insert(command.begin(), "-server=" + cluster_.gateway().url());
    return RunProgram(Program(cluster_, command), std::chrono::seconds(120));
  }

  // Everything is written with the volume there, and changed with it gone.
  void LiveOnWithoutIt() {
    for (int i = 0; i < kOfAKind; ++i) {
      S3Put(Key("overwritten", i), "old");
      S3Put(Key("kept", i), "kept");
      ASSERT_EQ(cluster_.Put(Key("deleted", i), "old").status, 201);
      ASSERT_EQ(cluster_.Put(Key("written again", i), "old").status, 201);
    }
    cluster_.volume(0).Kill();
    for (int i = 0; i < kOfAKind; ++i) {
      S3Put(Key("overwritten", i), "new");
      ASSERT_EQ(cluster_.Delete(Key("deleted", i)).status, 204);
      ASSERT_EQ(cluster_.Delete(Key("written again", i)).status, 204);
      ASSERT_EQ(cluster_.Put(Key("written again", i), "new").status, 201);
    }
  }
  std::string Read(const std::string& key, bool s3) {
    const HttpResponse got = cluster_.client().Do(
        {.url = cluster_.gateway().Url(key),
         .headers = s3 ? std::vector<std::string>{"x-amz-date: 20260101T000000Z"}
                       : std::vector<std::string>{},
         .follow_redirects = true});
    return got.status == 404 ? "" : got.body;
  }
  void ExpectWhatWasWrittenSince() {
    for (int i = 0; i < kOfAKind; ++i) {
      for (int time = 0; time < 6; ++time) {  // replicas are chosen at random
        const bool s3 = time % 2 == 0;
        EXPECT_EQ(Read(Key("kept", i), s3), "kept");
        EXPECT_EQ(Read(Key("overwritten", i), s3), "new");
        EXPECT_EQ(Read(Key("written again", i), s3), "new");
        EXPECT_EQ(Read(Key("deleted", i), s3), "");
      }
    }
    EXPECT_EQ(cluster_.List("/bucket/").size(), 3U * kOfAKind);
  }

  Cluster cluster_{Impatient(4)};
};

TEST_F(ReturningVolume, WinsNothingAndIsCleanedUp) {
  LiveOnWithoutIt();
  cluster_.volume(0).Start();
  ExpectWhatWasWrittenSince();
  ExpectNothingLeftOver(cluster_);
  cluster_.gateway().Start();
  ExpectWhatWasWrittenSince();
}

TEST_F(ReturningVolume, WinsNothingAfterAScrubReplacedIt) {
  LiveOnWithoutIt();
  EXPECT_EQ(RunAtServer({"scrub"}), 3) << FileText(cluster_.folder() / "program.log");
  for (int i = 0; i < kOfAKind; ++i) {
    EXPECT_THAT(cluster_.Head(Key("kept", i)).Header("Key-Volumes"),
                Not(HasSubstr(cluster_.volume(0).name())));
  }
  cluster_.volume(0).Start();
  ExpectWhatWasWrittenSince();
  ExpectNothingLeftOver(cluster_);
  cluster_.gateway().Start();
  ExpectWhatWasWrittenSince();
}

// Nobody expects it back: what it holds is nobody's, and does no harm.
TEST_F(ReturningVolume, WinsNothingAfterItWasForgotten) {
  LiveOnWithoutIt();
  EXPECT_EQ(RunAtServer({"scrub"}), 3);
  EXPECT_EQ(RunAtServer({"forget", cluster_.volume(0).name()}), 1) << "it is still in the list";
  ASSERT_EQ(cluster_.gateway().Terminate(), 0);
  std::vector<std::string> others = cluster_.VolumeNames();
  others.erase(others.begin());
  EXPECT_EQ(RunProgram(Program(cluster_,
                               Offline(cluster_, others, {"forget", cluster_.volume(0).name()}))),
            0);
  cluster_.gateway().Start();
  cluster_.volume(0).Start();
  ExpectWhatWasWrittenSince();
  EXPECT_EQ(RunAtServer({"check"}), 3) << "its files are orphans";
  EXPECT_THAT(FileText(cluster_.folder() / "program.log"), HasSubstr("orphan: "));
  ExpectWhatWasWrittenSince();
}

}  // namespace
}  // namespace mkv::testing
