// What a store must look like once everything has settled: nothing pending in the index, and on the
// volumes exactly the files that its records name.
//
//   Cluster cluster(Impatient());
//   ...
//   const SettledStore store = Settle(cluster);    // leaves the gateway stopped
//   EXPECT_THAT(store.pending, IsEmpty());
//   EXPECT_EQ(cluster.Files(), store.files);
#ifndef TESTS_FAULTS_SETTLED_STORE_H_
#define TESTS_FAULTS_SETTLED_STORE_H_

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "mkvcore/store/object.h"
#include "tests/support/cluster.h"

namespace mkv::testing {

struct SettledStore {
  std::map<std::string, Object> objects;  // unlinked ones included
  std::vector<std::string> pending;       // keys that still wait for something
  std::vector<std::string> files;         // that should be on the volumes, as Cluster::Files()
};

// Of an index that nobody has open.
SettledStore ReadIndex(const std::filesystem::path& folder);

// Lets the gateway work until nothing is pending, or `patience` is over, and stops it.
SettledStore Settle(Cluster& cluster,
                    std::chrono::milliseconds patience = std::chrono::seconds(30));

// Settle(), and the expectations above.
SettledStore ExpectNothingLeftOver(Cluster& cluster);

// Delays short enough to wait for.
ClusterOptions Impatient(std::size_t volumes = 3);

}  // namespace mkv::testing

#endif  // TESTS_FAULTS_SETTLED_STORE_H_
