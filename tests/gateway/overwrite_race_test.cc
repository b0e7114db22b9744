// S3 overwrites of one key by many clients while others read it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/gateway_test.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using ::testing::SizeIs;

// Without credentials any x-amz-* header makes a request S3's.
constexpr const char* kS3Header = "x-amz-expected-bucket-owner;";
constexpr int kWriters = 8;
constexpr int kReaders = 8;
constexpr auto kDuration = std::chrono::seconds(10);

// Some of one transfer buffer, some of many, on both sides of what the loop collects (1 MiB).
std::uint64_t SizeOf(std::uint64_t seed) {
  constexpr std::uint64_t kSizes[] = {1, 4'000, 100'000, 1'500'000};
  return kSizes[seed % std::size(kSizes)] + seed % 997;
}

class OverwriteRace : public GatewayTest {
 protected:
  // Everything about one answer must be of one write: bytes, length, ETag and metadata.
  static void ExpectOneWriteWhole(const HttpResponse& got) {
    ASSERT_EQ(got.status, 200) << got.error << got.body;
    ASSERT_EQ(got.error, "");
    const std::uint64_t seed = std::stoull("0" + got.Header("x-amz-meta-seed"));
    const GeneratedValue value(seed, SizeOf(seed));
    EXPECT_EQ(got.Header("Content-Length"), std::to_string(value.size()));
    EXPECT_EQ(got.Header("Content-Type"), "test/" + std::to_string(seed));
    EXPECT_EQ(got.body.size(), value.size());
    const std::string md5 = Md5Hex(got.body);
    EXPECT_EQ(md5, value.Md5());
    EXPECT_EQ(got.Header("ETag"), "\"" + md5 + "\"");
  }
  HttpResponse Write(HttpClient& client, std::uint64_t seed) {
    const GeneratedValue value(seed, SizeOf(seed));
    return client.Do({.method = "PUT",
                      .url = url_,
                      .headers = {kS3Header, "x-amz-meta-seed: " + std::to_string(seed),
                                  "Content-Type: test/" + std::to_string(seed)},
                      .producer = value.Producer(),
                      .size = value.size()});
  }
  HttpResponse Read(HttpClient& client) { return client.Do({.url = url_, .headers = {kS3Header}}); }

  std::string url_;
};

TEST_F(OverwriteRace, EveryReadIsOneOfTheWritesWhole) {
  Start();
  url_ = cluster().gateway().Url("/race/key");
  ASSERT_EQ(Write(cluster().client(), 1).status, 200);

  std::atomic<std::uint64_t> last_seed{1};
  std::atomic<int> writes{0};
  std::atomic<int> reads{0};
  const auto deadline = std::chrono::steady_clock::now() + kDuration;
  const auto time_is_up = [deadline] {
    return std::chrono::steady_clock::now() > deadline || HasFailure();
  };
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < kWriters; ++i) {
      clients.emplace_back([&] {
        HttpClient client;
        while (!time_is_up()) {
          const std::uint64_t seed = ++last_seed;
          const HttpResponse put = Write(client, seed);
          ASSERT_EQ(put.status, 200) << put.error << put.body;
          EXPECT_EQ(put.Header("ETag"), "\"" + GeneratedValue(seed, SizeOf(seed)).Md5() + "\"");
          ++writes;
        }
      });
    }
    for (int i = 0; i < kReaders; ++i) {
      clients.emplace_back([&] {
        HttpClient client;
        while (!time_is_up()) {
          ExpectOneWriteWhole(Read(client));
          ++reads;
        }
      });
    }
  }
  RecordProperty("writes", writes);
  RecordProperty("reads", reads);
  EXPECT_GT(writes, kWriters);
  EXPECT_GT(reads, kReaders);
  ExpectOneWriteWhole(Read(cluster().client()));
  EXPECT_THAT(cluster().List(), SizeIs(1));
}

}  // namespace
}  // namespace mkv::testing
