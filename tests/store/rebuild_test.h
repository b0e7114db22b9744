// What the tests of rebuilding share: an index, real volumes, and what lies in either.
#ifndef TESTS_STORE_REBUILD_TEST_H_
#define TESTS_STORE_REBUILD_TEST_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/object.h"
#include "mkvcore/store/rebuild.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv {

using Entries = std::map<std::string, std::string>;

inline Entries EntriesOf(const std::string& folder, bool records_only = true) {
  const auto index = LevelDbIndex::Open(folder);
  Entries entries;
  const auto entry = index->NewIterator();
  for (entry->Seek(""); entry->Valid(); entry->Next()) {
    if (!records_only || entry->key().starts_with('/')) {
      entries.emplace(entry->key(), entry->value());
    }
  }
  return entries;
}

inline std::optional<Object> Find(const std::string& folder, const std::string& key) {
  const auto index = LevelDbIndex::Open(folder);
  return Object::Decode(key, index->Get(key), index->Get(MetadataKey(key)));
}

inline RebuildOptions Options(const std::string& folder) {
  RebuildOptions options;
  options.index_folder = folder;
  options.threads = 4;
  options.walk = {.attempts = 2, .retry_delay = std::chrono::milliseconds(10)};
  return options;
}

inline RebuildSummary Run(const Placement& placement, const RebuildOptions& options) {
  VolumeHealth health;
  VolumeClient client(VolumeOptions{}, health);
  const std::atomic<bool> stop = false;
  return Rebuild(client, placement, options, {}, stop);
}

class RebuildTest : public ::testing::Test {
 protected:
  RebuildTest() {
    std::vector<std::string> names;
    for (int i = 0; i < 3; ++i) {
      volumes_.push_back(std::make_unique<testing::NginxVolume>(testing::NginxVolumeOptions{
          .folder = folder_.path() / ("volume" + std::to_string(i)), .subvolumes = 3}));
      names.push_back(volumes_.back()->name());
    }
    placement_ = std::make_unique<Placement>(names, 2, 3);
  }

  std::string index() const { return folder_.path() / "index"; }

  // The file `path` on the volume that an index entry names.
  std::filesystem::path FileOn(const std::string& entry, const std::string& path) const {
    const std::size_t slash = entry.find('/');
    for (const auto& volume : volumes_) {
      if (volume->name() == entry.substr(0, slash)) {
        return volume->folder().string() + (slash == std::string::npos ? "" : entry.substr(slash)) +
               path;
      }
    }
    throw std::runtime_error("no volume " + entry);
  }
  void PutFile(const std::string& entry, const std::string& path,
               const std::string& content) const {
    const std::filesystem::path file = FileOn(entry, path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }
  // On the two volumes where it belongs.
  void PutBlob(const std::string& key, Generation generation, const std::string& content) const {
    for (const std::string& entry : placement_->Choose(key)) {
      PutFile(entry, BlobPath(key, generation), content);
    }
  }
  void WriteOld(const std::string& key, const Record& record,
                std::optional<format::ObjectMetadata> metadata) const {
    Batch batch;
    batch.Put(key, record.Encode());
    if (metadata) {
      metadata->set_record(record.Encode());
      batch.Put(MetadataKey(key), metadata->SerializeAsString());
    }
    ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));
  }
  static format::ObjectMetadata Metadata(Generation generation, std::uint64_t size) {
    format::ObjectMetadata metadata;
    metadata.set_generation(generation);
    metadata.set_size(size);
    metadata.set_mtime_us(42);
    return metadata;
  }

  RebuildSummary Run() const { return mkv::Run(*placement_, Options(index())); }
  std::optional<Object> Find(const std::string& key) const { return mkv::Find(index(), key); }

  const testing::TempFolder folder_;
  std::vector<std::unique_ptr<testing::NginxVolume>> volumes_;
  std::unique_ptr<Placement> placement_;
};

}  // namespace mkv

#endif  // TESTS_STORE_REBUILD_TEST_H_
