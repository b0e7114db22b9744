// A value far larger than what the gateway may hold in memory.
//
// Built twice: to one replica (REPLICAS=1), and to three, which on one machine is mostly a test of
// its disk and therefore labelled slow.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "tests/gateway/gateway_test.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

constexpr std::uint64_t kSize = 5'000'000'000;
constexpr std::uint64_t kMayGrow = 32 << 20;
// Of GeneratedValue(1, kSize): computed once, as it takes longer than the gateway's work.
constexpr std::string_view kMd5 = "fe24c80d203b07e1164e3ee74480344e";

class LARGE_VALUE_SUITE : public GatewayTest {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer has a memory of its own";
#endif
    if (std::filesystem::space(std::filesystem::temp_directory_path()).available <
        (REPLICAS + 1) * kSize) {
      GTEST_SKIP() << "not enough room for " << REPLICAS << " times 5 GB";
    }
    Start({.volumes = REPLICAS, .replicas = REPLICAS});
  }
};

TEST_F(LARGE_VALUE_SUITE, PassesThroughInFixedMemory) {
  const std::string url = cluster().gateway().Url("/large");
  // What a first transfer leaves behind (threads, connections, the allocator's arenas) is not what
  // this one needs.
  ASSERT_EQ(cluster().Put("/small", std::string(2'000'000, 'x')).status, 201);
  const MemoryUse before = cluster().gateway().Memory();

  const GeneratedValue value(1, kSize);
  const auto begin = std::chrono::steady_clock::now();
  const HttpResponse put = cluster().client().Do({.method = "PUT",
                                                  .url = url,
                                                  .producer = value.Producer(),
                                                  .size = kSize,
                                                  .timeout = std::chrono::minutes(20)});
  ASSERT_EQ(put.status, 201) << put.error;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  const MemoryUse after = cluster().gateway().Memory();
  // The kernel's counters are some pages apart: the peak may be less than what was resident before.
  const std::uint64_t growth = std::max(after.peak_resident, before.resident) - before.resident;
  std::cout << "PUT of 5 GB to " << REPLICAS << " volumes: " << taken.count() << " s, "
            << static_cast<double>(kSize) / 1e6 / taken.count() << " MB/s; resident before "
            << (before.resident >> 20) << " MiB, at most " << (after.peak_resident >> 20)
            << " MiB, growth " << (growth >> 10) << " KiB\n";
  EXPECT_LE(growth, kMayGrow);
  EXPECT_EQ(cluster().client().Do({.method = "HEAD", .url = url}).Header("Content-Md5"), kMd5);

  // The bytes themselves, from one of the replicas.
  std::uint64_t size = 0;
  bool same = true;
  std::string expected;
  const HttpResponse got = cluster().client().Do({
      .url = url,
      .consumer =
          [&, producer = value.Producer()](std::string_view piece) mutable {
            expected.resize(piece.size());
            same = same && producer(expected) == piece.size() && piece == expected;
            size += piece.size();
            return same;
          },
      .follow_redirects = true,
      .timeout = std::chrono::minutes(20),
  });
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(size, kSize);
  EXPECT_TRUE(same);
  EXPECT_EQ(cluster().Delete("/large").status, 204);
}

}  // namespace
}  // namespace mkv::testing
