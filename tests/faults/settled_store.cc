#include "tests/faults/settled_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"

namespace mkv::testing {

using namespace std::chrono_literals;

SettledStore ReadIndex(const std::filesystem::path& folder) {
  const auto index = LevelDbIndex::Open(folder.string());
  SettledStore store;
  const auto entries = index->NewIterator();
  for (entries->Seek(""); entries->Valid(); entries->Next()) {
    const std::string key(entries->key());
    if (key.starts_with(kPendingPrefix)) store.pending.push_back(key.substr(kPendingPrefix.size()));
    if (!key.starts_with('/')) continue;
    const Object object =
        Object::Decode(key, std::string(entries->value()), index->Get(MetadataKey(key))).value();
    for (const BlobLocation& replica : object.Replicas()) {
      store.files.push_back(replica.volume + replica.path);
      if (object.has_sidecar()) {
        store.files.push_back(replica.volume + SidecarPath(key, object.generation()));
      }
    }
    store.objects.emplace(key, object);
  }
  std::sort(store.files.begin(), store.files.end());
  return store;
}

SettledStore Settle(Cluster& cluster, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    if (cluster.gateway().running()) {
      std::this_thread::sleep_for(1s);
      EXPECT_EQ(cluster.gateway().Terminate(), 0) << cluster.gateway().Log();
    }
    SettledStore store = ReadIndex(cluster.gateway().options().index);
    if (store.pending.empty() || std::chrono::steady_clock::now() > deadline) return store;
    cluster.gateway().Start();
  }
}

SettledStore ExpectNothingLeftOver(Cluster& cluster) {
  SettledStore store = Settle(cluster);
  EXPECT_THAT(store.pending, ::testing::IsEmpty());
  EXPECT_THAT(cluster.Files(), ::testing::ElementsAreArray(store.files));
  return store;
}

ClusterOptions Impatient(std::size_t volumes) {
  return {.volumes = volumes,
          .subvolumes = 2,
          .arguments = {"-garbage-delay=200ms", "-settle-delay=300ms", "-voltimeout=500ms"}};
}

}  // namespace mkv::testing
