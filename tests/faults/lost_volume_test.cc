// A volume dies: before, during and after the requests that need it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "mkvcore/format/blob_path.h"
#include "mkvcore/format/md5.h"
#include "tests/faults/settled_store.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A value that is streamed, not collected.
const GeneratedValue kLarge(7, 24 << 20);

HttpResponse PutLarge(Cluster& cluster, std::string_view key,
                      const std::function<void(std::uint64_t sent)>& meanwhile) {
  std::uint64_t sent = 0;
  return cluster.client().Do({.method = "PUT",
                              .url = cluster.gateway().Url(key),
                              .producer =
                                  [&, read = kLarge.Producer()](std::span<char> buffer) {
                                    meanwhile(sent);
                                    const std::size_t bytes = read(buffer);
                                    sent += bytes;
                                    return bytes;
                                  },
                              .size = kLarge.size()});
}

// A client in the middle of a large body may be cut off before it looks for an answer.
auto Failed() {
  return AnyOf(Field(&HttpResponse::status, 500), Field(&HttpResponse::error, Not(IsEmpty())));
}

NginxVolume& VolumeHolding(Cluster& cluster, std::string_view key) {
  return cluster.VolumeNamed(cluster.Head(key).Header("Key-Volumes"));
}

TEST(LostVolume, TheNextInOrderTakesItsReplicaUntilARebalance) {
  // Each belongs on the lost volume with a probability of 3 in 4: not all of so many do.
  constexpr int kKeys = 60;
  Cluster cluster(Impatient(4));
  cluster.volume(0).Kill();
  int unbalanced = 0;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "/key" + std::to_string(i);
    ASSERT_EQ(cluster.Put(key, "value of " + key).status, 201);
    EXPECT_EQ(cluster.Get(key).body, "value of " + key);
    const HttpResponse head = cluster.Head(key);
    EXPECT_THAT(head.Header("Key-Volumes"), Not(HasSubstr(cluster.volume(0).name())));
    unbalanced += head.Header("Key-Balance") == "unbalanced" ? 1 : 0;
  }
  EXPECT_GT(unbalanced, 0);
  EXPECT_LT(unbalanced, kKeys);

  cluster.volume(0).Start();
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "/key" + std::to_string(i);
    EXPECT_EQ(cluster.Rebalance(key).status, 204);
    EXPECT_EQ(cluster.Head(key).Header("Key-Balance"), "balanced");
    EXPECT_EQ(cluster.Get(key).body, "value of " + key);
  }
  ExpectNothingLeftOver(cluster);
}

TEST(LostVolume, WithoutASpareAPutFailsAndLeavesNothing) {
  Cluster cluster(Impatient());
  cluster.volume(1).Kill();
  EXPECT_EQ(cluster.Put("/small", "value").status, 500);
  EXPECT_EQ(PutLarge(cluster, "/large", [](std::uint64_t) {}).status, 500);
  EXPECT_EQ(cluster.Get("/small").status, 404);
  EXPECT_EQ(cluster.Get("/large").status, 404);
  EXPECT_THAT(cluster.List(), IsEmpty());

  cluster.volume(1).Start();
  EXPECT_EQ(cluster.Put("/small", "again").status, 201);
  EXPECT_EQ(cluster.Get("/small").body, "again");
  EXPECT_EQ(ExpectNothingLeftOver(cluster).objects.size(), 1U);
}

TEST(LostVolume, DuringAStreamedPutNothingBecomesVisible) {
  Cluster cluster(Impatient(4));
  ASSERT_EQ(cluster.Put("/key", "probe").status, 201);
  NginxVolume& lost = VolumeHolding(cluster, "/key");
  ASSERT_EQ(cluster.Delete("/key").status, 204);

  const HttpResponse put = PutLarge(cluster, "/key", [&lost](std::uint64_t sent) {
    if (sent > (8U << 20) && lost.running()) lost.Kill();
  });
  EXPECT_FALSE(lost.running());
  EXPECT_THAT(put, Failed());
  EXPECT_EQ(cluster.Get("/key").status, 404);
  EXPECT_EQ(PutLarge(cluster, "/key", [](std::uint64_t) {}).status, 201) << "on the other three";

  lost.Start();
  ExpectNothingLeftOver(cluster);
  cluster.gateway().Start();
  EXPECT_EQ(cluster.client().Fetch(cluster.gateway().Url("/key")).md5, kLarge.Md5());
}

TEST(LostVolume, ReadsGoToTheOthers) {
  Cluster cluster(Impatient());
  ASSERT_EQ(cluster.Put("/key", "value").status, 201);
  cluster.volume(0).Pause();
  cluster.volume(1).Kill();
  for (int i = 0; i < 20; ++i) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(cluster.Get("/key").body, "value");
    // -voltimeout for each of the two that may be asked first, and slack for a busy machine.
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
  }
  cluster.volume(0).Resume();
}

TEST(LostVolume, ADeleteIsDoneAtOnceAndCompletedLater) {
  Cluster cluster(Impatient());
  ASSERT_EQ(cluster.Put("/key", "value").status, 201);
  cluster.volume(2).Kill();
  EXPECT_EQ(cluster.Delete("/key").status, 204);
  EXPECT_EQ(cluster.Get("/key").status, 404);
  EXPECT_EQ(cluster.Files().size(), 1U) << "on the volume that is down";

  cluster.volume(2).Start();
  EXPECT_EQ(cluster.Get("/key").status, 404);
  EXPECT_TRUE(ExpectNothingLeftOver(cluster).objects.empty());
}

// Whoever finds the volume back, what waits for it is dealt with: here readers do, within the
// second in which the gateway itself asks again.
TEST(LostVolume, WhatWaitsForItIsDoneHoweverItIsFoundBack) {
  ClusterOptions options = Impatient();
  options.arguments.emplace_back("-verify-ttl=0");
  Cluster cluster(options);
  ASSERT_EQ(cluster.Put("/deleted", "value").status, 201);
  ASSERT_EQ(cluster.Put("/read", "value").status, 201);
  cluster.volume(2).Kill();
  EXPECT_EQ(cluster.Delete("/deleted").status, 204);
  std::this_thread::sleep_for(1500ms);
  cluster.volume(0).Kill();
  cluster.volume(1).Kill();
  cluster.volume(2).Start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cluster.Get("/read").body, "value");

  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (cluster.volume(2).Files().size() > 1 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(cluster.volume(2).Files().size(), 1U);
}

// The base64 of the second key is that of the first, `/`, and more, in the same folder: one wants a
// file where the other wants a folder.
TEST(LostVolume, KeysInEachOthersWayLeaveNothingPending) {
  const std::string first = "/ab";
  std::string second;
  for (unsigned i = 0; second.empty(); ++i) {
    const std::string key = first + "\xFF" + std::to_string(i);
    if (Md5(key)[0] == Md5(first)[0] && Md5(key)[1] == Md5(first)[1]) second = key;
  }
  ASSERT_TRUE(BlobPath(second, kPlain).starts_with(BlobPath(first, kPlain) + "/"));

  ClusterOptions options = Impatient();
  options.subvolumes = 1;  // or they may lie in different ones, out of each other's way
  Cluster cluster(options);
  ASSERT_EQ(cluster.Put(first, "first").status, 201);
  EXPECT_EQ(cluster.Put(second, "second").status, 500);
  EXPECT_EQ(cluster.Get(first).body, "first");
  EXPECT_EQ(cluster.Get(second).status, 404);
  EXPECT_EQ(ExpectNothingLeftOver(cluster).objects.size(), 1U);
}

}  // namespace
}  // namespace mkv::testing
