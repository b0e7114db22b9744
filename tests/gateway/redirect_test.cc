// GET and HEAD: where they send the client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include "tests/gateway/gateway_test.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Redirects : public GatewayTest {
 protected:
  // Removes the key's file from that volume behind the gateway's back.
  void Lose(NginxVolume& volume) {
    for (const std::string& file : volume.Files()) {
      std::filesystem::remove(volume.folder() / file.substr(1));
    }
  }
};

TEST_F(Redirects, HaveEveryHeaderOfTheOriginal) {
  Start();
  cluster().Put("/hello", "value");
  for (const char* method : {"GET", "HEAD"}) {
    const HttpResponse response = Do(method, "/hello");
    EXPECT_EQ(response.status, 302);
    EXPECT_EQ(response.Header("Content-Md5"), Md5Hex("value"));
    EXPECT_EQ(response.Header("Key-Balance"), "balanced");
    EXPECT_EQ(response.Header("Content-Length"), "0");
    EXPECT_EQ(response.body, "");
    const std::string volumes = response.Header("Key-Volumes");
    EXPECT_EQ(std::count(volumes.begin(), volumes.end(), ','), 2) << volumes;
    const std::string location = response.Header("Location");
    EXPECT_THAT(location, EndsWith("/3e/d1/L2hlbGxv"));  // md5("/hello") is 3ed10a7d...
    const std::string entry = location.substr(7, location.find('/', 7 + 6) - 7);
    EXPECT_THAT(location, StartsWith("http://127.0.0.1:"));
    EXPECT_THAT(volumes, HasSubstr(entry));
    EXPECT_EQ(cluster().client().Get(location).body, "value");
  }
}

TEST_F(Redirects, GoToEveryReplicaInTurn) {
  Start();
  cluster().Put("/key", "value");
  std::set<std::string> locations;
  for (int i = 0; i < 200 && locations.size() < 3; ++i) {
    locations.insert(Do("GET", "/key").Header("Location"));
  }
  EXPECT_EQ(locations.size(), 3U);
}

TEST_F(Redirects, ServeRanges) {
  Start();
  cluster().Put("/key", "0123456789");
  const auto range = [this](const std::string& bytes) {
    return cluster().client().Do({.url = cluster().gateway().Url("/key"),
                                  .headers = {"Range: bytes=" + bytes},
                                  .follow_redirects = true});
  };
  EXPECT_EQ(range("2-5").status, 206);
  EXPECT_EQ(range("2-5").body, "2345");
  EXPECT_EQ(range("2-5").Header("Content-Range"), "bytes 2-5/10");
  EXPECT_EQ(range("-3").body, "789");
  EXPECT_EQ(range("7-").body, "789");
  EXPECT_EQ(range("20-").status, 416);
}

TEST_F(Redirects, AreMissingForAKeyThatIsNotThere) {
  Start();
  for (const char* method : {"GET", "HEAD"}) {
    const HttpResponse response = Do(method, "/none");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.Header("Content-Length"), "0");
    EXPECT_FALSE(response.HasHeader("Key-Volumes"));
    EXPECT_FALSE(response.HasHeader("Content-Md5"));
  }
}

TEST_F(Redirects, OfAnUnlinkedKeyAreMissingButTellItsMd5AsTheOriginal) {
  Start();
  cluster().Put("/key", "value");
  cluster().Unlink("/key");
  const HttpResponse response = Do("GET", "/key");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.Header("Content-Md5"), Md5Hex("value"));
  EXPECT_FALSE(response.HasHeader("Key-Volumes"));
}

TEST_F(Redirects, TellTheVolumesOfAKeyWhoseReplicasAreAllGone) {
  Start({.arguments = {"-verify-ttl", "0"}});
  cluster().Put("/key", "value");
  const std::string volumes = cluster().Head("/key").Header("Key-Volumes");
  for (std::size_t i = 0; i < 3; ++i) Lose(cluster().volume(i));
  const HttpResponse response = Do("GET", "/key");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.Header("Key-Volumes"), volumes);
  EXPECT_EQ(response.Header("Key-Balance"), "balanced");
  EXPECT_EQ(response.Header("Content-Length"), "0");
}

TEST_F(Redirects, GoToTheFallbackForWhatIsMissing) {
  Start({.arguments = {"-fallback", "old.example:3000"}});
  cluster().Put("/key", "value");
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_EQ(Do("GET", "/none").status, 302);
  EXPECT_EQ(Do("HEAD", "/none/a%20b%3Fc").Header("Location"),
            "http://old.example:3000/none/a%20b%3Fc");
  cluster().Unlink("/key");
  EXPECT_EQ(Do("GET", "/key").Header("Location"), "http://old.example:3000/key");
  EXPECT_EQ(Do("GET", "/none").Header("Content-Length"), "0");
}

// A key must not be able to end the header line.
TEST_F(Redirects, ToTheFallbackCarryNoRawControlCharacters) {
  Start({.arguments = {"-fallback", "old.example:3000"}});
  const HttpResponse response = Do("GET", "/a%0d%0aSet-Cookie:%20x=1%00%ff");
  EXPECT_EQ(response.status, 302);
  EXPECT_FALSE(response.HasHeader("Set-Cookie"));
  EXPECT_EQ(response.Header("Location"),
            "http://old.example:3000/a%0D%0ASet-Cookie%3A%20x%3D1%00%FF");
}

TEST_F(Redirects, GoOnlyToReplicasThatAreThere) {
  Start({.arguments = {"-verify-ttl", "0"}});
  cluster().Put("/key", "value");
  Lose(cluster().volume(0));
  cluster().volume(1).Kill();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Do("GET", "/key").Header("Location"), StartsWith(cluster().volume(2).url() + "/"));
  }
}

TEST_F(Redirects, AreVerifiedAnewEachTimeWithoutATimeToLive) {
  Start({.arguments = {"-verify-ttl", "0"}});
  cluster().Put("/key", "value");
  ASSERT_EQ(Do("GET", "/key").status, 302);
  for (std::size_t i = 0; i < 3; ++i) Lose(cluster().volume(i));
  EXPECT_EQ(Do("GET", "/key").status, 404);
}

TEST_F(Redirects, AreVerifiedOnceWithinTheTimeToLive) {
  Start({.volumes = 1, .replicas = 1, .arguments = {"-verify-ttl", "1h", "-loops", "1"}});
  cluster().Put("/key", "value");
  ASSERT_EQ(Do("GET", "/key").status, 302);
  cluster().volume(0).Kill();
  EXPECT_EQ(Do("GET", "/key").status, 302) << "without asking";
}

TEST_F(Redirects, GoToTheValueOfThisMomentHoweverLongTheTimeToLive) {
  Start({.arguments = {"-verify-ttl", "1h", "-loops", "1"}});
  for (const std::string value : {"one", "two"}) {
    ASSERT_EQ(cluster().Put("/key", value).status, 201);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(cluster().Get("/key").body, value);
      EXPECT_EQ(Do("HEAD", "/key").Header("Content-Md5"), Md5Hex(value));
    }
    ASSERT_EQ(cluster().Unlink("/key").status, 204);
    EXPECT_EQ(Do("GET", "/key").status, 404);
    ASSERT_EQ(cluster().Delete("/key").status, 204);
    EXPECT_EQ(Do("GET", "/key").status, 404);
  }
}

TEST_F(Redirects, DoNotWaitForAVolumeLongerThanItsTimeout) {
  Start({.arguments = {"-verify-ttl", "0", "-voltimeout", "200ms"}});
  cluster().Put("/key", "value");
  cluster().volume(0).Pause();
  cluster().volume(1).Pause();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(Do("GET", "/key").Header("Location"), StartsWith(cluster().volume(2).url() + "/"));
  // Two volumes at 200 ms at most; the bound is for a busy machine.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  cluster().volume(2).Pause();
  EXPECT_EQ(Do("GET", "/key").status, 404) << "none answers";
  for (std::size_t i = 0; i < 3; ++i) cluster().volume(i).Resume();
  EXPECT_EQ(cluster().Get("/key").body, "value");
}

TEST_F(Redirects, HaveNoMd5WhereNoneIsComputed) {
  Start({.arguments = {"-md5sum=false"}});
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  const HttpResponse response = Do("GET", "/key");
  EXPECT_EQ(response.status, 302);
  EXPECT_FALSE(response.HasHeader("Content-Md5"));
  EXPECT_EQ(cluster().Get("/key").body, "value");
}

}  // namespace
}  // namespace mkv::testing
