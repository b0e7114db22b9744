#include "mkvcore/native/known_redirects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace mkv {
namespace {

using ::testing::ElementsAre;
using ::testing::IsNull;
using ::testing::Pair;

const auto kThreeVolumes = std::make_shared<const Placement>(
    std::vector<std::string>{"v1:3001", "v2:3002", "v3:3003"}, 2, 1);

ObjectEntries Written(const std::string& key, Generation generation,
                      const Placement& placement = *kThreeVolumes) {
  const Record record{.unlinked = false,
                      .hash = "00112233445566778899aabbccddeeff",
                      .volumes = placement.Choose(key)};
  format::ObjectMetadata metadata;
  metadata.set_record(record.Encode());
  metadata.set_generation(generation);
  return {record.Encode(), metadata.SerializeAsString()};
}

std::shared_ptr<KnownRedirect> Learn(KnownRedirects& redirects, const std::string& key,
                                     const ObjectEntries& entries,
                                     std::shared_ptr<const Placement> placement = kThreeVolumes) {
  return redirects.Learn(Object::Decode(key, entries.record, entries.metadata).value(), entries,
                         std::move(placement));
}

TEST(KnownRedirects, SayWhatTheIndexSays) {
  KnownRedirects redirects;
  const std::shared_ptr<KnownRedirect> known = Learn(redirects, "/key", Written("/key", 5));
  const std::vector<std::string> volumes = kThreeVolumes->Choose("/key");
  EXPECT_THAT(known->response.headers,
              ElementsAre(Pair("Content-Md5", "00112233445566778899aabbccddeeff"),
                          Pair("Key-Balance", "balanced"),
                          Pair("Key-Volumes", volumes[0] + "," + volumes[1])));
  ASSERT_EQ(known->replicas.size(), 2U);
  EXPECT_EQ(known->replicas[1].location.volume, volumes[1]);
  EXPECT_EQ(known->replicas[1].location.path, BlobPath("/key", 5));
  EXPECT_FALSE(known->replicas[1].seen);
}

TEST(KnownRedirects, HoldWhileIndexAndPlacementAreTheSame) {
  KnownRedirects redirects;
  const ObjectEntries entries = Written("/key", 5);
  const std::shared_ptr<KnownRedirect> known = Learn(redirects, "/key", entries);
  EXPECT_EQ(redirects.Find("/key", entries, kThreeVolumes), known);
  EXPECT_THAT(redirects.Find("/other", entries, kThreeVolumes), IsNull());
  EXPECT_THAT(redirects.Find("/key", Written("/key", 6), kThreeVolumes), IsNull())
      << "the same bytes, written again: they lie elsewhere";
  ObjectEntries unlinked = entries;
  unlinked.record->insert(0, "DELETED");
  EXPECT_THAT(redirects.Find("/key", unlinked, kThreeVolumes), IsNull());
  EXPECT_THAT(redirects.Find("/key", entries, std::make_shared<const Placement>(*kThreeVolumes)),
              IsNull());
}

TEST(KnownRedirects, OfWhatHasNoMetadataAreLookedAtEachTimeAndStayTheSame) {
  KnownRedirects redirects;
  ObjectEntries entries = Written("/key", 5);
  entries.metadata.reset();
  const std::shared_ptr<KnownRedirect> known = Learn(redirects, "/key", entries);
  EXPECT_EQ(known->replicas[0].location.path, OriginalBlobPath("/key"));
  EXPECT_THAT(redirects.Find("/key", entries, kThreeVolumes), IsNull());
  EXPECT_EQ(Learn(redirects, "/key", entries), known) << "or nobody would see its replicas seen";
}

TEST(KnownRedirects, ReplicasStaySeenWhereTheyLay) {
  KnownRedirects redirects;
  const auto now = EventLoop::Clock::now();
  Learn(redirects, "/key", Written("/key", 5))->replicas[0].seen = now;

  // As after a volume was added: only the balance may have changed.
  const auto more = std::make_shared<const Placement>(
      std::vector<std::string>{"v1:3001", "v2:3002", "v3:3003", "v4:3004"}, 2, 1);
  std::shared_ptr<KnownRedirect> known = Learn(redirects, "/key", Written("/key", 5), more);
  EXPECT_EQ(known->replicas[0].seen, now);
  EXPECT_FALSE(known->replicas[1].seen);

  known = Learn(redirects, "/key", Written("/key", 6), more);
  EXPECT_FALSE(known->replicas[0].seen) << "another value's blob";
}

TEST(KnownRedirects, AreForgottenWhenTheyBecomeTooLarge) {
  KnownRedirects redirects;
  const auto key = [](int number) { return "/" + std::to_string(number) + std::string(1000, 'x'); };
  const auto is_known = [&](int number) {
    return redirects.Find(key(number), Written(key(number), 5), kThreeVolumes) != nullptr;
  };
  Learn(redirects, key(0), Written(key(0), 5));
  // One that changes counts once.
  for (int i = 0; i < 6'000; ++i) Learn(redirects, key(1), Written(key(1), i));
  Learn(redirects, key(1), Written(key(1), 5));
  EXPECT_TRUE(is_known(0));

  int last = 1;
  // Each takes the key, and twice its base64, and what else there is of it.
  while (is_known(0) && last < 16'000) {
    ++last;
    Learn(redirects, key(last), Written(key(last), 5));
  }
  EXPECT_GT(last, 3000);
  EXPECT_LT(last, 5000);
  EXPECT_FALSE(is_known(1));
  EXPECT_TRUE(is_known(last));
}

}  // namespace
}  // namespace mkv
