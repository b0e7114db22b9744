// What the native API writes is, byte for byte, what the original writes: the same records under
// the same keys, the same files with the same content.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <leveldb/db.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mkvcore/format/blob_path.h"
#include "tests/support/file_text.h"
#include "tests/support/gateway.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/original_store.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;

// Everything in an index that nobody has open, with LevelDB itself.
std::map<std::string, std::string> RawEntries(const fs::path& index) {
  leveldb::DB* opened = nullptr;
  const leveldb::Status status = leveldb::DB::Open({}, index.string(), &opened);
  const std::unique_ptr<leveldb::DB> db(opened);
  EXPECT_TRUE(status.ok()) << status.ToString();
  std::map<std::string, std::string> entries;
  if (!db) return entries;
  const std::unique_ptr<leveldb::Iterator> it(db->NewIterator({}));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    entries[it->key().ToString()] = it->value().ToString();
  }
  return entries;
}

// What the original sees of it: its keys begin with `/`.
std::map<std::string, std::string> Records(const std::map<std::string, std::string>& entries) {
  std::map<std::string, std::string> records;
  for (const auto& [key, value] : entries) {
    if (key.starts_with('/')) records[key] = value;
  }
  return records;
}

// Volumes on the ports of an original's store, with nothing on them yet.
class SameVolumes {
 public:
  explicit SameVolumes(const OriginalStore& original) {
    for (const std::string& name : original.volumes()) {
      const std::size_t colon = name.find(':');
      volumes_.push_back(std::make_unique<NginxVolume>(
          NginxVolumeOptions{.folder = folder_.path() / name,
                             .port = static_cast<std::uint16_t>(std::stoul(name.substr(colon + 1))),
                             .host = name.substr(0, colon),
                             .subvolumes = original.subvolumes()}));
    }
    GatewayOptions options = original.GatewayFor();
    options.index = index();
    gateway_ = std::make_unique<Gateway>(std::move(options));
  }

  Gateway& gateway() { return *gateway_; }
  fs::path index() const { return folder_.path() / "index"; }
  // Content by `volume name/path`.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& volume : volumes_) {
      for (const std::string& file : volume->Files()) {
        files[volume->name() + file] = FileText(volume->folder() / file.substr(1));
      }
    }
    return files;
  }

 private:
  TempFolder folder_;
  std::vector<std::unique_ptr<NginxVolume>> volumes_;
  std::unique_ptr<Gateway> gateway_;
};

class Format : public ::testing::TestWithParam<std::string> {};

TEST_P(Format, OfTheSameValuesIsTheOriginalsToTheByte) {
  const OriginalStore original(GetParam());
  std::map<std::string, std::string> original_files;
  for (std::size_t i = 0; i < original.volumes().size(); ++i) {
    const fs::path folder = original.volume_folder(i);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string path = entry.path().lexically_relative(folder).string();
      if (!entry.is_regular_file() || path.find("nginx") != std::string::npos) continue;
      original_files[original.volumes()[i] + "/" + path] = FileText(entry.path());
    }
  }

  SameVolumes ours(original);
  HttpClient client;
  for (const OriginalObject& object : original.objects()) {
    const std::string record = original.records().at(object.key);
    const std::string first = record.substr(record.find("localhost:"));
    const std::string entry = first.substr(0, first.find(','));
    const std::string value =
        FileText(original.FolderOf(entry) / OriginalBlobPath(object.key).substr(1));
    ASSERT_EQ(value.size(), object.size) << object.key;
    ASSERT_EQ(client.Put(ours.gateway().url() + object.url, value).status, 201) << object.key;
    if (object.unlinked) {
      ASSERT_EQ(client.Do({.method = "UNLINK", .url = ours.gateway().url() + object.url}).status,
                204);
    }
  }
  for (const std::string& key : original.deleted()) {
    ASSERT_EQ(client.Put(ours.gateway().Url(key), "for a while").status, 201);
    ASSERT_EQ(client.Do({.method = "DELETE", .url = ours.gateway().Url(key)}).status, 204);
  }
  ASSERT_EQ(ours.gateway().Terminate(), 0) << ours.gateway().Log();

  const std::map<std::string, std::string> entries = RawEntries(ours.index());
  EXPECT_EQ(Records(entries), original.records());
  EXPECT_EQ(ours.Files(), original_files);
  for (const auto& [key, value] : entries) {
    EXPECT_FALSE(key.starts_with("pending")) << key << ": nothing is left to do";
  }
}

TEST_P(Format, OfAnOriginalsIndexIsLeftAsItIsByReading) {
  const OriginalStore original(GetParam());
  const auto volumes = original.StartVolumes();
  Gateway gateway(original.GatewayFor());
  HttpClient client;
  for (const OriginalObject& object : original.objects()) {
    const HttpResponse response = client.Get(gateway.url() + object.url);
    EXPECT_EQ(response.status, object.unlinked ? 404 : 302) << object.key;
  }
  EXPECT_EQ(client.Get(gateway.url() + "/?list").status, 200);
  ASSERT_EQ(gateway.Terminate(), 0) << gateway.Log();
  EXPECT_EQ(Records(RawEntries(original.index())), original.records());
}

INSTANTIATE_TEST_SUITE_P(All, Format, ::testing::ValuesIn(OriginalStore::Names()),
                         [](const auto& test) {
                           return test.param == "original-3x10" ? "3x10" : "2x1";
                         });

}  // namespace
}  // namespace mkv::testing
