// What the native API answers, status for status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <thread>

#include "tests/gateway/gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Answers = GatewayTest;

TEST_F(Answers, PutStoresTheValueOnEveryReplica) {
  Start();
  const HttpResponse put = cluster().Put("/key", "value");
  EXPECT_EQ(put.status, 201);
  EXPECT_EQ(put.body, "");
  EXPECT_EQ(put.Header("Content-Length"), "0");
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_THAT(cluster().Files(), SizeIs(3));
}

TEST_F(Answers, PutOverAnExistingKeyIsForbidden) {
  Start();
  cluster().Put("/key", "old");
  const HttpResponse put = cluster().Put("/key", "new");
  EXPECT_EQ(put.status, 403);
  EXPECT_THAT(put.body, HasSubstr("exists"));
  EXPECT_EQ(cluster().Get("/key").body, "old");
}

TEST_F(Answers, PutOfAnEmptyValueNeedsALength) {
  Start();
  EXPECT_EQ(cluster().Put("/key", "").status, 411);
  EXPECT_EQ(Do("PUT", "/key", {"Content-Length: 0"}).status, 411);
  EXPECT_EQ(Do("PUT", "/key").status, 411);
  EXPECT_EQ(cluster().Head("/key").status, 404);
  EXPECT_THAT(cluster().Files(), IsEmpty());
}

TEST_F(Answers, PutWithTooFewVolumesFailsAndLeavesNothing) {
  Start();
  cluster().volume(1).Kill();
  EXPECT_EQ(cluster().Put("/key", "value").status, 500);
  EXPECT_EQ(cluster().Head("/key").status, 404);
  EXPECT_THAT(cluster().List(), IsEmpty());
  cluster().volume(1).Start();
  EXPECT_EQ(cluster().Put("/key", "again").status, 201);
  EXPECT_EQ(cluster().Get("/key").body, "again");
}

TEST_F(Answers, PutPassesOverAVolumeThatIsDown) {
  Start({.volumes = 4});
  cluster().volume(0).Kill();
  for (int i = 0; i < 8; ++i) {
    const std::string key = "/key" + std::to_string(i);
    ASSERT_EQ(cluster().Put(key, "value").status, 201);
    EXPECT_EQ(cluster().Get(key).body, "value");
  }
}

TEST_F(Answers, PutOfAnUnlinkedKeyStoresTheNewValue) {
  Start();
  cluster().Put("/key", "old");
  cluster().Unlink("/key");
  EXPECT_EQ(cluster().Put("/key", "new").status, 201);
  EXPECT_EQ(cluster().Get("/key").body, "new");
  EXPECT_THAT(cluster().List("/", "unlinked"), IsEmpty());
}

TEST_F(Answers, ChangesOfAKeyBeingWrittenAreConflicts) {
  Start();
  RawConnection writer(cluster().gateway().port());
  // More than the loop collects, so that it is under way on a worker as soon as it begins.
  ASSERT_TRUE(writer.Send("PUT /key HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nvalue"));
  HttpResponse put;
  for (int i = 0; i < 200 && put.status != 409; ++i) {
    put = Do("DELETE", "/key");
    if (put.status != 409) std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(put.status, 409);
  for (const char* method : {"DELETE", "UNLINK", "REBALANCE"}) {
    EXPECT_EQ(Do(method, "/key").status, 409) << method;
  }
  EXPECT_EQ(cluster().Put("/key", "value").status, 409);
  EXPECT_EQ(cluster().Put("/key", "").status, 409) << "as the original: busy comes before empty";
  EXPECT_EQ(cluster().Head("/key").status, 404) << "nothing shows before it is whole";
  EXPECT_EQ(cluster().Put("/other", "value").status, 201);

  ASSERT_TRUE(writer.Send(std::string(2'000'000 - 5, 'x')));
  EXPECT_THAT(writer.ReadResponse(), StartsWith("HTTP/1.1 201 "));
  EXPECT_EQ(Do("DELETE", "/key").status, 204);
}

TEST_F(Answers, DeleteRemovesTheKeyAndItsFiles) {
  Start();
  cluster().Put("/key", "value");
  const HttpResponse deleted = cluster().Delete("/key");
  EXPECT_EQ(deleted.status, 204);
  EXPECT_FALSE(deleted.HasHeader("Content-Length")) << "RFC 9110 section 8.6";
  EXPECT_EQ(cluster().Head("/key").status, 404);
  EXPECT_THAT(cluster().Files(), IsEmpty());
  EXPECT_EQ(cluster().Delete("/key").status, 404);
}

TEST_F(Answers, DeleteAlsoTakesAnUnlinkedKey) {
  Start();
  cluster().Put("/key", "value");
  cluster().Unlink("/key");
  EXPECT_EQ(cluster().Delete("/key").status, 204);
  EXPECT_THAT(cluster().Files(), IsEmpty());
  EXPECT_THAT(cluster().List("/", "unlinked"), IsEmpty());
}

TEST_F(Answers, DeleteSucceedsWithAVolumeDownAndIsCompletedLater) {
  Start();
  cluster().Put("/key", "value");
  cluster().volume(0).Kill();
  EXPECT_EQ(cluster().Delete("/key").status, 204);
  EXPECT_EQ(cluster().Head("/key").status, 404);
  EXPECT_THAT(cluster().Files(), SizeIs(1));
  cluster().volume(0).Start();
  for (int i = 0; i < 1000 && !cluster().Files().empty(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_THAT(cluster().Files(), IsEmpty());
}

TEST_F(Answers, ProtectLetsOnlyUnlinkedKeysBeDeleted) {
  Start({.arguments = {"-protect"}});
  cluster().Put("/key", "value");
  EXPECT_EQ(cluster().Delete("/key").status, 403);
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_EQ(cluster().Unlink("/key").status, 204);
  EXPECT_EQ(cluster().Delete("/key").status, 204);
  EXPECT_EQ(cluster().Delete("/key").status, 404);
}

TEST_F(Answers, UnlinkHidesTheKeyAndKeepsItsFiles) {
  Start();
  cluster().Put("/key", "value");
  EXPECT_EQ(cluster().Unlink("/key").status, 204);
  EXPECT_EQ(cluster().Unlink("/key").status, 404);
  EXPECT_EQ(cluster().Unlink("/other").status, 404);
  EXPECT_EQ(cluster().Head("/key").status, 404);
  EXPECT_THAT(cluster().List(), IsEmpty());
  EXPECT_THAT(cluster().List("/", "unlinked"), ElementsAre("/key"));
  EXPECT_THAT(cluster().Files(), SizeIs(3));
}

TEST_F(Answers, RebalanceBringsAKeyToWhereItBelongs) {
  Start({.volumes = 4});
  // Written with a volume passed over, some keys lie on the fourth choice.
  cluster().volume(0).Kill();
  std::string misplaced;
  for (int i = 0; misplaced.empty(); ++i) {
    ASSERT_LT(i, 50);
    const std::string key = "/key" + std::to_string(i);
    ASSERT_EQ(cluster().Put(key, "value").status, 201);
    if (cluster().Head(key).Header("Key-Balance") == "unbalanced") misplaced = key;
  }
  EXPECT_EQ(cluster().Rebalance(misplaced).status, 204) << "nothing better to be had";
  EXPECT_EQ(cluster().Head(misplaced).Header("Key-Balance"), "unbalanced");
  EXPECT_EQ(cluster().Get(misplaced).body, "value");

  cluster().volume(0).Start();
  EXPECT_EQ(cluster().Rebalance(misplaced).status, 204);
  EXPECT_EQ(cluster().Head(misplaced).Header("Key-Balance"), "balanced");
  EXPECT_EQ(cluster().Get(misplaced).body, "value");
  EXPECT_EQ(cluster().Rebalance(misplaced).status, 204) << "nothing left to do";
}

TEST_F(Answers, RebalanceOfAKeyThatIsNotThereIsMissing) {
  Start();
  EXPECT_EQ(cluster().Rebalance("/key").status, 404);
  cluster().Put("/key", "value");
  cluster().Unlink("/key");
  EXPECT_EQ(cluster().Rebalance("/key").status, 404);
}

TEST_F(Answers, RebalanceWithEveryReplicaGoneIsImpossible) {
  Start();
  cluster().Put("/key", "value");
  for (std::size_t i = 0; i < 3; ++i) {
    NginxVolume& volume = cluster().volume(i);
    for (const std::string& file : volume.Files()) {
      std::filesystem::remove(volume.folder() / file.substr(1));
    }
  }
  EXPECT_EQ(cluster().Rebalance("/key").status, 400);
}

TEST_F(Answers, UnknownMethodsAreNotAllowed) {
  Start();
  for (const char* method : {"PATCH", "POST", "COPY", "MKCOL", "put", "TRACE"}) {
    const HttpResponse response = Do(method, "/key");
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.Header("Allow"), "GET, HEAD, PUT, DELETE, UNLINK, REBALANCE");
  }
}

TEST_F(Answers, UnknownQueriesAreForbidden) {
  Start();
  cluster().Put("/key", "value");
  for (const char* query : {"?x", "?list=", "?list=1", "?List", "?limit=1&list", "?unlinked="}) {
    EXPECT_EQ(Do("GET", std::string("/key") + query).status, 403) << query;
  }
  EXPECT_EQ(Do("GET", "/key?").status, 302) << "an empty query is none";
}

// The original looks at queries of GET only.
TEST_F(Answers, QueriesOfOtherMethodsAreNoPartOfTheKey) {
  Start();
  EXPECT_EQ(cluster().client().Put(cluster().gateway().url() + "/key?list", "value").status, 201);
  EXPECT_EQ(Do("HEAD", "/key?x=1").status, 302);
  EXPECT_THAT(cluster().List(), ElementsAre("/key"));
  EXPECT_EQ(Do("DELETE", "/key?x").status, 204);
}

TEST_F(Answers, KeysOfTheGatewayItselfAreReachableByNoClient) {
  Start();
  EXPECT_EQ(cluster().Put("/.mkv/bucket/photos", "value").status, 403);
  EXPECT_EQ(cluster().Delete("/.mkv/bucket/photos").status, 403);
  EXPECT_EQ(cluster().Unlink("/.mkv/x").status, 403);
  EXPECT_EQ(cluster().Get("/.mkv/bucket/photos").status, 404);
  EXPECT_EQ(Do("PUT", "/%2emkv/x", {"Content-Length: 0"}).status, 403) << "however it is spelt";
  EXPECT_EQ(Do("GET", "/.mkv/?list").status, 404);
  EXPECT_EQ(cluster().Put("/.mkv", "value").status, 201) << "a key like any other";
}

// What a browser says of a form that a page sends; it adds Basic credentials that it once asked
// for.
TEST_F(Answers, AdminCallsAreNotTakenFromPagesOfOtherSites) {
  Start();
  for (const char* header : {"Origin: http://localhost", "Origin: null",
                             "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"}) {
    EXPECT_EQ(Do("POST", "/.mkv/forget?volume=a:1", {header, "Content-Length: 0"}).status, 403)
        << header;
  }
  for (const char* header : {"Sec-Fetch-Site: none", "X-Nothing: 1"}) {
    EXPECT_EQ(Do("POST", "/.mkv/forget?volume=a:1", {header, "Content-Length: 0"}).status, 200)
        << header;
  }
}

TEST_F(Answers, HealthIsOkWhileServing) {
  Start();
  const HttpResponse health = Do("GET", "/.mkv/health");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body, "ok\n");
  EXPECT_EQ(Do("HEAD", "/.mkv/health").status, 200);
}

TEST_F(Answers, TargetsThatDoNotBeginWithASlashAreBadRequests) {
  Start();
  for (const char* target : {"key", "*", "ftp://x/key", "x:80", "?list"}) {
    RawConnection connection(cluster().gateway().port());
    connection.Send(std::string("GET ") + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 400 ")) << target;
  }
}

TEST_F(Answers, AWholeUrlIsAsGoodATargetAsThePathInIt) {
  Start();
  cluster().Put("/key", "value");
  RawConnection connection(cluster().gateway().port());
  connection.Send("HEAD http://elsewhere/key HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(connection.ReadResponse(/*after_head=*/true), StartsWith("HTTP/1.1 302 "));
}

TEST_F(Answers, SeveralRequestsShareAConnection) {
  Start();
  cluster().Put("/key", "value");
  RawConnection connection(cluster().gateway().port());
  connection.Send(
      "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
      "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2"
      "HEAD /key HTTP/1.1\r\nHost: x\r\n\r\n"
      "DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(connection.ReadResponse(/*after_head=*/true), StartsWith("HTTP/1.1 302 "));
  EXPECT_THAT(connection.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace mkv::testing
