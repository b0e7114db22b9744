// Requests that a volume carries out long after we stopped waiting for it must neither replace nor
// delete what was written since.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "tests/faults/settled_store.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kGenerationPath[] = ".*[.][0-9a-f]{16}";

std::string FirstVolumeOf(Cluster& cluster, std::string_view key) {
  const std::string volumes = cluster.Head(key).Header("Key-Volumes");
  return volumes.substr(0, volumes.find(','));
}

// Every replica holds the value, not only the one that a GET happens to be sent to.
void ExpectEverywhere(Cluster& cluster, std::string_view key, const std::string& value) {
  const HttpResponse head = cluster.Head(key);
  ASSERT_EQ(head.status, 302) << key;
  const std::string location = head.Header("Location");
  const std::string path = location.substr(location.find('/', std::string("http://").size()));
  std::string volumes = head.Header("Key-Volumes") + ",";
  // `path` begins with the subvolume of the replica that was chosen; each has its own.
  const std::string blob = path.starts_with("/sv") ? path.substr(5) : path;
  for (std::size_t comma; (comma = volumes.find(',')) != std::string::npos;
       volumes.erase(0, comma + 1)) {
    const std::string url = "http://" + volumes.substr(0, comma) + blob;
    EXPECT_EQ(cluster.client().Get(url).body, value) << url;
  }
}

TEST(LateRequests, ALateDeleteDoesNotTakeTheNextValue) {
  Cluster cluster(Impatient(4));
  ASSERT_EQ(cluster.Put("/key", "old").status, 201);
  NginxVolume& paused = cluster.VolumeNamed(FirstVolumeOf(cluster, "/key"));
  paused.Pause();
  EXPECT_EQ(cluster.Delete("/key").status, 204);
  EXPECT_EQ(cluster.Get("/key").status, 404);
  ASSERT_EQ(cluster.Put("/key", "new").status, 201);
  EXPECT_THAT(cluster.Head("/key").Header("Key-Volumes"), Not(HasSubstr(paused.name())));
  paused.Resume();
  ExpectEverywhere(cluster, "/key", "new");

  ExpectNothingLeftOver(cluster);
  cluster.gateway().Start();
  ExpectEverywhere(cluster, "/key", "new");
}

TEST(LateRequests, ThePlainPathStaysUnusedUntilALateDeleteHasLanded) {
  ClusterOptions options = Impatient();
  options.arguments.emplace_back("-settle-delay=6s");  // the later one counts
  Cluster cluster(options);
  ASSERT_EQ(cluster.Put("/key", "old").status, 201);
  NginxVolume& paused = cluster.VolumeNamed(FirstVolumeOf(cluster, "/key"));
  paused.Pause();
  EXPECT_EQ(cluster.Delete("/key").status, 204);
  paused.Resume();
  // The volume answers again, and the old value is deleted; what else may be on its way is unknown.
  std::this_thread::sleep_for(2500ms);
  ASSERT_EQ(cluster.Put("/key", "new").status, 201);
  EXPECT_THAT(cluster.Head("/key").Header("Location"), MatchesRegex(kGenerationPath));
  ExpectEverywhere(cluster, "/key", "new");

  ExpectNothingLeftOver(cluster);
  cluster.gateway().Start();
  ExpectEverywhere(cluster, "/key", "new");
  EXPECT_EQ(cluster.Delete("/key").status, 204);
  ASSERT_EQ(cluster.Put("/key", "newest").status, 201);
  EXPECT_THAT(cluster.Head("/key").Header("Location"), Not(MatchesRegex(kGenerationPath)));
}

TEST(LateRequests, ALatePutDoesNotReplaceTheNextValue) {
  Cluster cluster(Impatient(4));
  // Placement is a matter of the name: this finds the volumes without a PUT of the key itself.
  ASSERT_EQ(cluster.Put("/key", "probe").status, 201);
  const std::string first = FirstVolumeOf(cluster, "/key");
  ASSERT_EQ(cluster.Delete("/key").status, 204);
  ASSERT_EQ(cluster.gateway().Terminate(), 0);
  cluster.gateway().Start();

  NginxVolume& paused = cluster.VolumeNamed(first);
  paused.Pause();
  ASSERT_EQ(cluster.Put("/key", "old").status, 201) << "the fourth volume takes its replica";
  EXPECT_THAT(cluster.Head("/key").Header("Key-Volumes"), Not(HasSubstr(paused.name())));
  EXPECT_EQ(cluster.Delete("/key").status, 204);
  ASSERT_EQ(cluster.Put("/key", "new").status, 201);
  paused.Resume();
  ExpectEverywhere(cluster, "/key", "new");

  ExpectNothingLeftOver(cluster);
  cluster.gateway().Start();
  ExpectEverywhere(cluster, "/key", "new");
}

}  // namespace
}  // namespace mkv::testing
