// Requests that a volume carries out long after we stopped waiting for it must neither replace nor
// delete what was written since.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "tests/faults/damage.h"
#include "tests/faults/settled_store.h"
#include "tests/support/file_text.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
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
  for (std::size_t comma = 0; (comma = volumes.find(',')) != std::string::npos;
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

// Tags of an object are a sidecar beside its value, written anew with every change of them.
class LateTagging : public ::testing::Test {
 protected:
  HttpResponse S3(const std::string& method, const std::string& target, std::string body = {}) {
    return cluster_.client().Do({.method = method,
                                 .url = cluster_.gateway().url() + target,
                                 .headers = {"x-amz-date: 20260101T000000Z"},
                                 .body = std::move(body)});
  }
  int Tag(const std::string& value) {
    return S3("PUT", "/bucket/key?tagging",
              "<Tagging><TagSet><Tag><Key>t</Key><Value>" + value +
                  "</Value></Tag></TagSet></Tagging>")
        .status;
  }
  // The volume takes the change, and carries it out when it is let go on.
  void TagWithAVolumePaused() {
    ASSERT_EQ(S3("PUT", "/bucket").status, 200);
    ASSERT_EQ(S3("PUT", "/bucket/key", "value").status, 200);
    ASSERT_EQ(Tag("first"), 200);
    cluster_.volume(1).Pause();
    EXPECT_EQ(Tag("in vain"), 503);
  }

  Cluster cluster_{Impatient()};
};

TEST_F(LateTagging, LeavesNoSidecarOfAKeyThatWasDeletedMeanwhile) {
  TagWithAVolumePaused();
  EXPECT_EQ(S3("DELETE", "/bucket/key").status, 204);
  cluster_.volume(1).Resume();
  const SettledStore store = ExpectNothingLeftOver(cluster_);
  EXPECT_FALSE(store.objects.contains("/bucket/key"));
}

TEST_F(LateTagging, NeverReplacesTheNewerSidecar) {
  TagWithAVolumePaused();
  cluster_.volume(1).Resume();
  EXPECT_EQ(Tag("newest"), 200);
  const SettledStore store = ExpectNothingLeftOver(cluster_);
  const Object& object = store.objects.at("/bucket/key");
  for (const BlobLocation& replica : object.Replicas()) {
    const std::string sidecar = FileText(
        FileOf(cluster_, {replica.volume, SidecarPath("/bucket/key", object.generation())}));
    EXPECT_THAT(sidecar, HasSubstr("newest")) << replica.volume;
  }
}

// The intent of a sidecar names the volumes of a value that is there: it is no garbage.
TEST_F(LateTagging, ThatAGatewayDiedOverCostsARebuildNoValue) {
  ASSERT_EQ(S3("PUT", "/bucket").status, 200);
  ASSERT_EQ(S3("PUT", "/bucket/key", "value").status, 200);
  cluster_.volume(1).Pause();
  {
    const std::jthread tagging([this] {
      HttpClient().Do({.method = "PUT",
                       .url = cluster_.gateway().url() + "/bucket/key?tagging",
                       .headers = {"x-amz-date: 20260101T000000Z"},
                       .body = "<Tagging><TagSet><Tag><Key>t</Key><Value>v</Value></Tag></TagSet>"
                               "</Tagging>"});
    });
    std::this_thread::sleep_for(1s);
    cluster_.gateway().Kill();
  }
  cluster_.volume(1).Resume();
  EXPECT_THAT(ReadIndex(cluster_.gateway().options().index).pending, Contains("/bucket/key"));
  EXPECT_EQ(cluster_.gateway().RunCommand({"rebuild"}), 0) << cluster_.gateway().Log();
  cluster_.gateway().Start();
  ExpectEverywhere(cluster_, "/bucket/key", "value");
  ExpectNothingLeftOver(cluster_);
  cluster_.gateway().Start();
  EXPECT_EQ(S3("GET", "/bucket/key").body, "value");
}

}  // namespace
}  // namespace mkv::testing
