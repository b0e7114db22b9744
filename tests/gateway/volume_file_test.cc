// `-volumes @FILE`, and SIGHUP that reads it again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/gateway.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class VolumeFile : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 4; ++i) AddVolume();
    List(3);
    gateway_ = std::make_unique<Gateway>(
        GatewayOptions{.volumes = {"@" + File().string()}, .index = folder_.path() / "index"});
  }
  void TearDown() override { EXPECT_EQ(gateway_->Terminate(), 0) << gateway_->Log(); }

  void AddVolume() {
    volumes_.push_back(std::make_unique<NginxVolume>(NginxVolumeOptions{
        .folder = folder_.path() / ("volume" + std::to_string(volumes_.size()))}));
  }
  std::filesystem::path File() const { return folder_.path() / "volumes"; }
  // Writes the first `count` volumes into the file.
  void List(std::size_t count) {
    std::ofstream file(File());
    for (std::size_t i = 0; i < count; ++i) file << volumes_[i]->name() << "\n";
  }
  void ReloadAndAwait(const std::string& log_line) {
    gateway_->Signal(SIGHUP);
    for (int i = 0; i < 1000 && gateway_->Log().find(log_line) == std::string::npos; ++i) {
      std::this_thread::sleep_for(10ms);
    }
    ASSERT_THAT(gateway_->Log(), HasSubstr(log_line));
  }
  // Whether any of some new keys goes to the fourth volume.
  bool UsesTheFourth(const std::string& prefix) {
    for (int i = 0; i < 20; ++i) {
      const std::string url = gateway_->Url(prefix + std::to_string(i));
      EXPECT_EQ(client_.Put(url, "value").status, 201);
      const HttpResponse head = client_.Do({.method = "HEAD", .url = url});
      if (head.Header("Key-Volumes").find(volumes_[3]->name()) != std::string::npos) return true;
    }
    return false;
  }

  TempFolder folder_;
  std::vector<std::unique_ptr<NginxVolume>> volumes_;
  std::unique_ptr<Gateway> gateway_;
  HttpClient client_;
};

TEST_F(VolumeFile, IsReadAgainOnHangup) {
  EXPECT_FALSE(UsesTheFourth("/before"));
  List(4);
  EXPECT_FALSE(UsesTheFourth("/still"));
  ReloadAndAwait("re-read: 4 volumes");
  EXPECT_TRUE(UsesTheFourth("/after"));
}

TEST_F(VolumeFile, ReadAgainCountsForKeysThatWereJustAskedFor) {
  const auto balance = [this](int key) {
    return client_.Do({.method = "HEAD", .url = gateway_->Url("/key" + std::to_string(key))})
        .Header("Key-Balance");
  };
  // Of 20, each belongs to the fourth volume, too, with a chance of three in four.
  constexpr int kKeys = 20;
  for (int i = 0; i < kKeys; ++i) {
    client_.Put(gateway_->Url("/key" + std::to_string(i)), "value");
    EXPECT_EQ(balance(i), "balanced");
  }
  List(4);
  ReloadAndAwait("re-read: 4 volumes");
  int unbalanced = 0;
  for (int i = 0; i < kKeys; ++i) unbalanced += balance(i) == "unbalanced" ? 1 : 0;
  EXPECT_GT(unbalanced, 5);
}

TEST_F(VolumeFile, ThatGotShorterLeavesWhatLiesElsewhereReadable) {
  List(4);
  ReloadAndAwait("re-read: 4 volumes");
  ASSERT_TRUE(UsesTheFourth("/key"));
  List(3);
  ReloadAndAwait("re-read: 3 volumes");
  EXPECT_FALSE(UsesTheFourth("/after"));
  EXPECT_EQ(client_.Do({.url = gateway_->Url("/key0"), .follow_redirects = true}).body, "value");
}

TEST_F(VolumeFile, ThatIsWrongChangesNothing) {
  List(1);
  ReloadAndAwait("reload failed");
  EXPECT_THAT(gateway_->Log(), HasSubstr("3 replicas need as many volumes, 1 given"));
  EXPECT_FALSE(UsesTheFourth("/key"));
  std::filesystem::remove(File());
  ReloadAndAwait("can not read the list of volumes");
  EXPECT_EQ(client_.Put(gateway_->Url("/another"), "value").status, 201);
}

TEST_F(VolumeFile, ThatIsWrongKeepsNoOtherFileFromBeingTaken) {
  ASSERT_EQ(gateway_->Terminate(), 0);
  const std::filesystem::path credentials = folder_.path() / "credentials.json";
  const auto write = [&credentials](const std::string& key) {
    std::ofstream(credentials) << R"([{"user": "u", "access_key": ")" << key
                               << R"(", "secret_key": "0123456789abcdef", "access": "admin"}])";
    std::filesystem::permissions(credentials, std::filesystem::perms(0600));
  };
  const auto status = [this](const std::string& key) {
    const std::string port = std::to_string(gateway_->port());
    return client_.Get("http://" + key + ":0123456789abcdef@127.0.0.1:" + port + "/?list").status;
  };
  write("FIRST");
  gateway_->options().arguments = {"-credentials", credentials.string()};
  gateway_->Start();
  EXPECT_EQ(status("FIRST"), 200);
  List(1);
  write("SECOND");
  ReloadAndAwait("the other settings were taken; there are 3 volumes");
  EXPECT_THAT(gateway_->Log(),
              HasSubstr("reload failed, volumes as before: 3 replicas need as many volumes"));
  EXPECT_EQ(status("SECOND"), 200);
  EXPECT_EQ(status("FIRST"), 401);
}

}  // namespace
}  // namespace mkv::testing
