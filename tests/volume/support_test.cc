// The harness itself, where a silent mistake in it would make other tests pass.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/file_text.h"
#include "tests/support/generated_value.h"
#include "tests/support/http_client.h"
#include "tests/support/network.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/original_store.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

TEST(Process, TellsHowItEnded) {
  EXPECT_EQ(RunProgram({.arguments = {"sh", "-c", "exit 3"}}), 3);
  EXPECT_EQ(RunProgram({.arguments = {"sh", "-c", "kill -9 $$"}}), 128 + SIGKILL);
  EXPECT_EQ(RunProgram({.arguments = {"/no/such/program"}}), 127);
  EXPECT_EQ(RunProgram({.arguments = {"sleep", "60"}}, 50ms), std::nullopt);
}

TEST(Process, ChangesTheEnvironment) {
  const TempFolder folder;
  const auto output = folder.path() / "output";
  RunProgram({.arguments = {"sh", "-c", "echo $ADDED ${HOME-gone}"},
              .environment = {{"ADDED", "here"}, {"HOME", std::nullopt}},
              .output = output});
  EXPECT_EQ(FileText(output), "here gone\n");
}

TEST(GeneratedValue, DoesNotDependOnHowItIsRead) {
  const GeneratedValue value(42, 100'003);
  const std::string whole = value.Bytes();
  EXPECT_EQ(Md5Hex(whole), value.Md5());
  std::string pieces;
  std::string buffer(7, '\0');
  auto producer = value.Producer();
  while (const std::size_t count = producer(buffer)) {
    pieces.append(buffer, 0, count);
  }
  EXPECT_EQ(pieces, whole);
  EXPECT_NE(GeneratedValue(43, 100'003).Md5(), value.Md5());
}

TEST(UrlEncode, LeavesOnlyWhatIsSafe) {
  EXPECT_EQ(UrlEncode("/a b+c%2F?\xff/~"), "/a%20b%2Bc%252F%3F%FF/~");
}

class OriginalStores : public ::testing::TestWithParam<std::string> {};

TEST_P(OriginalStores, EveryObjectIsOnTheVolumesOfItsRecord) {
  const OriginalStore store(GetParam());
  std::vector<std::unique_ptr<NginxVolume>> volumes;
  try {
    volumes = store.StartVolumes();
  } catch (const std::exception& e) {
    GTEST_SKIP() << "no network of our own, and the store's ports are taken: " << e.what();
  }
  std::size_t files = 0;
  for (const auto& volume : volumes) {
    files += volume->Files().size();
  }
  EXPECT_EQ(files, store.objects().size() * store.replicas());
  for (const OriginalObject& object : store.objects()) {
    const std::string& record = store.records().at(object.key);
    EXPECT_EQ(record.starts_with("DELETED"), object.unlinked) << record;
    ASSERT_EQ(object.key_volumes.size(), object.unlinked ? 0 : store.replicas());
    for (const std::string& entry : object.key_volumes) {
      EXPECT_NE(record.find(entry), std::string::npos) << record;
      EXPECT_TRUE(std::filesystem::exists(store.FolderOf(entry))) << entry;
    }
  }
  HttpClient client;
  EXPECT_EQ(client.Get("http://" + store.volumes().front() + "/").status, 200);
}

INSTANTIATE_TEST_SUITE_P(All, OriginalStores, ::testing::ValuesIn(OriginalStore::Names()));

}  // namespace
}  // namespace mkv::testing
