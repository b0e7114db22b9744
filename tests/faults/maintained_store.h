// A store of native and S3 values that the tests of scrub, check and backup damage.
#ifndef TESTS_FAULTS_MAINTAINED_STORE_H_
#define TESTS_FAULTS_MAINTAINED_STORE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/damage.h"
#include "tests/faults/program.h"
#include "tests/faults/settled_store.h"
#include "tests/support/file_text.h"

namespace mkv::testing {

class MaintainedStore : public ::testing::Test {
 protected:
  static constexpr int kNative = 12;
  static constexpr int kS3 = 8;
  static std::string NativeKey(int i) { return "/native/key " + std::to_string(i); }
  static std::string S3Key(int i) { return "/bucket/object " + std::to_string(i); }
  static std::string Value(const std::string& key) {
    return key + std::string(500 + 31 * key.size(), 'v');
  }

  explicit MaintainedStore(ClusterOptions options = Impatient()) : cluster_(std::move(options)) {
    for (int i = 0; i < kNative; ++i) {
      const std::string key = NativeKey(i);
      EXPECT_EQ(cluster_.Put(key, Value(key)).status, 201);
    }
    for (int i = 0; i < kS3; ++i) PutObject(S3Key(i));
    PutObject(S3Key(0));  // at a generation
    EXPECT_EQ(cluster_.Unlink(NativeKey(0)).status, 204);
    store_ = Settle(cluster_);
    files_ = cluster_.Files();
  }

  // With a sidecar: a content type and user metadata.
  void PutObject(const std::string& key) {
    const HttpResponse put =
        cluster_.client().Do({.method = "PUT",
                              .url = cluster_.gateway().Url(key),
                              .headers = {"Content-Type: text/x-test", "x-amz-meta-colour: green"},
                              .body = Value(key)});
    EXPECT_EQ(put.status, 200) << put.body;
  }

  // Offline, over all volumes.
  std::optional<int> Run(const std::vector<std::string>& command) {
    return RunProgram(Program(cluster_, Offline(cluster_, cluster_.VolumeNames(), command)),
                      std::chrono::seconds(120));
  }
  // In the running server.
  std::optional<int> RunAtServer(std::vector<std::string> command) {
    command.insert(command.begin(), "-server=" + cluster_.gateway().url());
    return RunProgram(Program(cluster_, command), std::chrono::seconds(120));
  }
  std::string Printed() { return FileText(cluster_.folder() / "program.log"); }

  const Object& ObjectOf(const std::string& key) { return store_.objects.at(key); }
  std::filesystem::path ReplicaFile(const std::string& key, std::size_t number) {
    return FileOf(cluster_, ObjectOf(key).Replicas().at(number));
  }
  std::filesystem::path SidecarFile(const std::string& key, std::size_t number) {
    return ReplicaFile(key, number).string() + ".meta";
  }

  // Every file is there, and each replica holds the value.
  void ExpectAllSound() {
    EXPECT_EQ(cluster_.Files(), files_);
    for (const auto& [key, object] : store_.objects) {
      if (!key.starts_with("/native/") && !key.starts_with("/bucket/")) continue;
      for (const BlobLocation& replica : object.Replicas()) {
        EXPECT_EQ(FileText(FileOf(cluster_, replica)), Value(key)) << replica.Url();
      }
    }
  }

  Cluster cluster_;
  SettledStore store_;
  std::vector<std::string> files_;
};

}  // namespace mkv::testing

#endif  // TESTS_FAULTS_MAINTAINED_STORE_H_
