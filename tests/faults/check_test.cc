// `mkv check` and `mkv backup`; and an index that is damaged, lost, or in use.
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/maintained_store.h"

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class Check : public MaintainedStore {
 protected:
  fs::path index() { return cluster_.gateway().options().index; }

  // What clients see: listings, and of each object its headers and bytes.
  std::map<std::string, std::string> Visible() {
    std::map<std::string, std::string> seen;
    const auto get = [this](const std::string& method, const std::string& url) {
      return cluster_.client().Do(
          {.method = method, .url = url, .headers = {"x-amz-date: 20260101T000000Z"}});
    };
    for (const std::string& key : cluster_.List()) {
      seen["native " + key] = cluster_.Head(key).Header("Content-Md5") + cluster_.Get(key).body;
    }
    for (const std::string& key : cluster_.List("/", "unlinked")) seen["unlinked " + key] = "";
    const std::string base = cluster_.gateway().url();
    seen["ListObjectsV2"] = get("GET", base + "/bucket?list-type=2").body;
    for (int i = 0; i < kS3; ++i) {
      const HttpResponse head = get("GET", cluster_.gateway().Url(S3Key(i)));
      std::string text = std::to_string(head.status);
      for (const char* name : {"ETag", "Content-Type", "Content-Length", "Last-Modified",
                               "x-amz-meta-colour", "x-amz-tagging-count"}) {
        text += std::string("\n") + name + ": " + head.Header(name);
      }
      seen["S3 " + S3Key(i)] = text + "\n" + head.body;
    }
    seen["tags"] = get("GET", cluster_.gateway().Url(S3Key(1)) + "?tagging").body;
    return seen;
  }
};

TEST_F(Check, FindsNothingWhereNothingDiffers) {
  EXPECT_EQ(Run({"check"}), 0) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("0 orphans, 0 foreign"));
  cluster_.gateway().Start();
  EXPECT_EQ(RunAtServer({"check"}), 0) << Printed();
}

TEST_F(Check, ListsEveryKindOfDifferenceAndChangesNothing) {
  fs::remove(ReplicaFile(NativeKey(1), 0));
  fs::resize_file(ReplicaFile(S3Key(1), 1), 3);
  fs::remove(SidecarFile(S3Key(2), 0));
  FlipByte(SidecarFile(S3Key(3), 0), 30);
  const fs::path sound = ReplicaFile(NativeKey(2), 0);
  fs::copy_file(sound, sound.string() + ".00000000000000ff");  // a generation that nobody knows
  fs::copy_file(sound, sound.parent_path() / "not base64!");
  const std::vector<std::string> files = cluster_.Files();
  const auto expect_all_told = [this] {
    const std::string printed = Printed();
    EXPECT_THAT(printed, HasSubstr("missing: http://" + ObjectOf(NativeKey(1)).record.volumes[0]));
    EXPECT_THAT(printed, HasSubstr("wrong size: http://" + ObjectOf(S3Key(1)).record.volumes[1]));
    EXPECT_THAT(printed, HasSubstr("sidecar missing: "));
    EXPECT_THAT(printed, HasSubstr("sidecar differs: "));
    EXPECT_THAT(printed, HasSubstr("orphan: "));
    EXPECT_THAT(printed, HasSubstr("foreign: "));
    EXPECT_THAT(printed, HasSubstr("1 missing, 1 of a wrong size, 2 sidecars missing or wrong, "
                                   "1 orphans, 1 foreign"));
  };
  EXPECT_EQ(Run({"check"}), 3);
  expect_all_told();
  fs::remove(cluster_.folder() / "program.log");
  cluster_.gateway().Start();
  EXPECT_EQ(RunAtServer({"check"}), 3);
  expect_all_told();
  EXPECT_EQ(cluster_.Files(), files);
}

TEST_F(Check, SaysWhichVolumeCouldNotBeAsked) {
  cluster_.volume(1).Kill();
  EXPECT_EQ(Run({"check"}), 1) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("unreachable: "));
  EXPECT_THAT(Printed(), HasSubstr(": Failed to connect to 127.0.0.1"));
  cluster_.volume(1).Start();
}

TEST_F(Check, GarbageAndIntentsAreNoOrphans) {
  cluster_.gateway().options().arguments.emplace_back("-garbage-delay=1h");
  cluster_.gateway().Start();
  PutObject(S3Key(1));  // its old blob stays an hour
  EXPECT_EQ(RunAtServer({"check"}), 0) << Printed();
  EXPECT_THAT(Printed(), Not(HasSubstr("of these 0 still")));
}

TEST_F(Check, ABackupOfARunningServerRestoresAndChecks) {
  cluster_.gateway().Start();
  const auto before = Visible();
  const fs::path copy = cluster_.folder() / "backups" / "monday";
  ASSERT_EQ(RunAtServer({"backup", copy.string()}), 0) << Printed();
  EXPECT_EQ(RunAtServer({"backup", copy.string()}), 1) << "never overwrites";
  EXPECT_THAT(Printed(), HasSubstr("exists: a backup never overwrites anything"));
  EXPECT_FALSE(fs::exists(copy.string() + ".partial"));

  ASSERT_EQ(cluster_.gateway().Terminate(), 0);
  fs::remove_all(index());
  fs::copy(copy, index(), fs::copy_options::recursive);
  EXPECT_EQ(Run({"check"}), 0) << Printed();
  cluster_.gateway().Start();
  EXPECT_EQ(Visible(), before);
}

TEST_F(Check, ABackupRemovesNothingButWhatABackupLeft) {
  const fs::path copy = cluster_.folder() / "copy";
  const fs::path in_the_way = copy.string() + ".partial";
  fs::create_directory(in_the_way);
  std::ofstream(in_the_way / "thesis.txt") << "precious";
  EXPECT_EQ(Run({"backup", copy.string()}), 1);
  EXPECT_THAT(Printed(), HasSubstr(in_the_way.string() + " is in the way"));
  EXPECT_EQ(FileText(in_the_way / "thesis.txt"), "precious");
  fs::remove(in_the_way / "thesis.txt");
  std::ofstream(in_the_way / "000003.log") << "of a backup that was broken off";
  EXPECT_EQ(Run({"backup", copy.string()}), 0) << Printed();
  EXPECT_FALSE(fs::exists(in_the_way));
}

TEST_F(Check, ABackupIsOfOneMomentWhileClientsWrite) {
  cluster_.gateway().Start();
  std::jthread writer([url = cluster_.gateway().url()](const std::stop_token& stop) {
    HttpClient http;
    for (int i = 0; !stop.stop_requested(); ++i) {
      http.Put(url + "/written/" + std::to_string(i), "value");
    }
  });
  const fs::path copy = cluster_.folder() / "copy";
  EXPECT_EQ(RunAtServer({"backup", copy.string()}), 0) << Printed();
  writer.request_stop();
  writer.join();
  const SettledStore store = ReadIndex(copy);
  EXPECT_TRUE(store.pending.empty());
  int written = 0;
  for (const auto& [key, object] : store.objects) written += key.starts_with("/written/") ? 1 : 0;
  for (int i = 0; i < written; ++i) {
    EXPECT_TRUE(store.objects.contains("/written/" + std::to_string(i))) << "of " << written;
  }
}

TEST_F(Check, WhatWasWrittenSinceTheBackupIsFoundByARebuild) {
  const fs::path copy = cluster_.folder() / "copy";
  ASSERT_EQ(Run({"backup", copy.string()}), 0) << Printed();
  cluster_.gateway().Start();
  ASSERT_EQ(cluster_.Put("/since", "value").status, 201);
  PutObject(S3Key(2));  // overwritten: its old blob goes
  ASSERT_EQ(cluster_.Delete(NativeKey(3)).status, 204);
  const auto before = Visible();
  Settle(cluster_);
  fs::remove_all(index());
  fs::copy(copy, index(), fs::copy_options::recursive);
  EXPECT_EQ(Run({"check"}), 3) << "it is an old one";
  ASSERT_EQ(Run({"rebuild"}), 1) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("1 keys of the old index are on no volume"));
  EXPECT_THAT(Printed(), HasSubstr("on no volume: \"" + NativeKey(3) + "\""));
  EXPECT_EQ(Run({"check"}), 0) << Printed();
  cluster_.gateway().Start();
  auto after = Visible();
  // Neither the backup nor a volume knows the MD5 of what the native API wrote since.
  after["native /since"] = before.at("native /since");
  EXPECT_EQ(after, before);
}

TEST_F(Check, TagsAndAclSetSinceTheBackupOutliveARebuildOverIt) {
  cluster_.gateway().Start();
  const auto put = [this](const std::string& target, const std::string& header,
                          const std::string& body) {
    const HttpResponse answer =
        cluster_.client().Do({.method = "PUT",
                              .url = cluster_.gateway().Url(S3Key(1)) + target,
                              .headers = {"x-amz-date: 20260101T000000Z", header},
                              .body = body});
    EXPECT_EQ(answer.status, 200) << answer.body;
  };
  const auto tag = [&put](const std::string& value) {
    put("?tagging", "Content-Type: text/xml",
        "<Tagging><TagSet><Tag><Key>k</Key><Value>" + value + "</Value></Tag></TagSet></Tagging>");
  };
  tag("before");
  const fs::path copy = cluster_.folder() / "copy";
  ASSERT_EQ(RunAtServer({"backup", copy.string()}), 0) << Printed();
  tag("since1");  // as long: the sidecar has the same size
  put("?acl", "x-amz-acl: public-read", "");
  const auto acl = [this] {
    return cluster_.client()
        .Do({.url = cluster_.gateway().Url(S3Key(1)) + "?acl",
             .headers = {"x-amz-date: 20260101T000000Z"}})
        .body;
  };
  const auto before = Visible();
  EXPECT_THAT(before.at("tags"), HasSubstr("since1"));
  EXPECT_THAT(acl(), HasSubstr("AllUsers"));
  Settle(cluster_);
  fs::remove_all(index());
  fs::copy(copy, index(), fs::copy_options::recursive);
  EXPECT_EQ(Run({"scrub"}), 4) << "it must not write what the backup knows over what is newer";
  EXPECT_THAT(Printed(), HasSubstr("not repaired: \"" + S3Key(1) + "\": its sidecar on "));
  EXPECT_THAT(Printed(), HasSubstr("is newer than the index"));
  EXPECT_THAT(Printed(), HasSubstr("1 not repaired"));
  ASSERT_EQ(Run({"rebuild"}), 0) << Printed();
  EXPECT_EQ(Run({"check"}), 0) << Printed();
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  cluster_.gateway().Start();
  EXPECT_EQ(Visible(), before);
  EXPECT_THAT(acl(), HasSubstr("AllUsers"));
}

// Losing the index loses nothing of what S3 clients were told but times to the microsecond; HASH of
// native values comes back with -rehash.
TEST_F(Check, ADamagedIndexIsRefusedAndARebuildGivesEverythingBack) {
  cluster_.gateway().Start();
  const HttpResponse tagged = cluster_.client().Do(
      {.method = "PUT",
       .url = cluster_.gateway().Url(S3Key(1)) + "?tagging",
       .headers = {"x-amz-date: 20260101T000000Z"},
       .body = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"});
  EXPECT_EQ(tagged.status, 200) << tagged.body;
  auto before = Visible();
  Settle(cluster_);
  for (const auto& entry : fs::directory_iterator(index())) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) {
      fs::resize_file(entry.path(), fs::file_size(entry.path()) / 2);
      FlipByte(entry.path(), 10);
    }
  }
  EXPECT_EQ(Run({"server"}), 1);
  EXPECT_THAT(Printed(), HasSubstr("is corrupted"));
  EXPECT_THAT(Printed(), HasSubstr("mkv rebuild"));
  ASSERT_EQ(Run({"-rehash", "rebuild"}), 0) << Printed();
  EXPECT_EQ(Run({"check"}), 0) << Printed();
  cluster_.gateway().Start();
  auto after = Visible();
  // An unlinked key is live again when the index that knew it is gone.
  EXPECT_EQ(before.erase("unlinked " + NativeKey(0)), 1U);
  EXPECT_EQ(after.erase("native " + NativeKey(0)), 1U);
  EXPECT_EQ(after, before);
}

TEST_F(Check, ASecondProcessOnTheSameIndexIsRefused) {
  cluster_.gateway().Start();
  for (const char* command :
       {"server", "rebuild", "rebalance", "scrub", "check", "backup", "forget"}) {
    fs::remove(cluster_.folder() / "program.log");
    std::vector<std::string> words = {command};
    if (words[0] == "backup") words.emplace_back(cluster_.folder() / "copy");
    if (words[0] == "forget") words.emplace_back("127.0.0.1:1");
    EXPECT_EQ(Run(words), 1) << command;
    EXPECT_THAT(Printed(), HasSubstr("is in use by process")) << command;
    EXPECT_THAT(Printed(), HasSubstr(std::to_string(cluster_.gateway().pid()))) << command;
  }
  EXPECT_EQ(cluster_.Get(NativeKey(1)).body, Value(NativeKey(1)));
}

}  // namespace
}  // namespace mkv::testing
