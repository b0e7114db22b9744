// Long XML bodies at once: what the gateway holds of them, and what it keeps.
#include <atomic>
#include <thread>

#include "tests/s3_gateway/multipart_test.h"

namespace mkv::testing {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

class LongBodiesTest : public MultipartTest {};

// 24 trees of 25 MB each, if all were there at once.
TEST_F(LongBodiesTest, FewAreTakenApartAtOnceAndNothingIsLeft) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has a memory of its own";
#endif
  constexpr int kBodies = 24;
  constexpr int kRounds = 4;
  Start({.volumes = 1, .replicas = 1});
  // As much markup as is allowed, each with a text behind it.
  std::string body =
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>";
  for (int i = 0; i < 199'900; ++i) body += "<a/>x";
  body += "</CompleteMultipartUpload>";
  std::atomic<int> taken{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kBodies; ++i) {
      threads.emplace_back([&] {
        HttpClient client;
        for (int round = 0; round < kRounds; ++round) {
          const HttpResponse answer =
              client.Do({.method = "POST",
                         .url = cluster().gateway().url() + "/bkt/k?uploadId=none",
                         .headers = {"amz-sdk-request: attempt=1"},
                         .body = body});
          if (Code(answer) == "NoSuchUpload") ++taken;
        }
      });
    }
  }
  EXPECT_EQ(taken, kBodies * kRounds);
  const MemoryUse memory = cluster().gateway().Memory();
  EXPECT_LE(memory.peak_resident, 350 * kMiB);
  EXPECT_LE(memory.resident, 150 * kMiB);
}

}  // namespace
}  // namespace mkv::testing
