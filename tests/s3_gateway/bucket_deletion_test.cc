// A bucket that is deleted while others write into it: it is gone and nothing is in it, or it
// stays.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

class BucketDeletionTest : public S3GatewayTest {
 protected:
  bool Exists(const std::string& target) {
    return S3("admin", {.method = "HEAD", .target = target}).status == 200;
  }
};

TEST_F(BucketDeletionTest, LeavesNoObjectInABucketThatIsGone) {
  StartS3();
  constexpr int kRounds = 60;
  constexpr int kWriters = 8;
  int deleted = 0;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
    const std::string deletion = cluster().gateway().url() + Presign("admin", "DELETE", "/bkt");
    std::barrier begin(kWriters + 1);
    std::vector<int> written(kWriters);
    // Of the deletion, and of the uploads, in turns: so that they meet at every moment of each
    // other.
    const auto head_start = std::chrono::microseconds(150 * (round / 2));
    int deletion_status = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < kWriters; ++i) {
        const std::string url =
            cluster().gateway().url() + Presign("admin", "PUT", "/bkt/key" + std::to_string(i));
        threads.emplace_back(
            [&begin, url, &status = written[i], lag = round % 2 == 0 ? head_start : 0us] {
              HttpClient client;
              begin.arrive_and_wait();
              std::this_thread::sleep_for(lag);
              status = client.Put(url, "value").status;
            });
      }
      threads.emplace_back([&] {
        HttpClient client;
        begin.arrive_and_wait();
        if (round % 2 != 0) std::this_thread::sleep_for(head_start);
        deletion_status = client.Do({.method = "DELETE", .url = deletion}).status;
      });
    }
    EXPECT_TRUE(deletion_status == 204 || deletion_status == 409) << deletion_status;
    if (deletion_status == 204) ++deleted;
    EXPECT_EQ(Exists("/bkt"), deletion_status == 409);
    for (int i = 0; i < kWriters; ++i) {
      const std::string target = "/bkt/key" + std::to_string(i);
      EXPECT_EQ(written[i], deletion_status == 204 ? 404 : 200) << target;
      EXPECT_EQ(S3("admin", {.method = "DELETE", .target = target}).status,
                deletion_status == 204 ? 404 : 204);
    }
    if (deletion_status == 409) {
      EXPECT_EQ(S3("admin", {.method = "DELETE", .target = "/bkt"}).status, 204);
    }
  }
  EXPECT_GT(deleted, 0) << "no round had what it is about";
}

TEST_F(BucketDeletionTest, IsRefusedWhileAnObjectIsOnItsWayIntoTheBucket) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  const std::string url = cluster().gateway().url() + Presign("admin", "PUT", "/bkt/key");
  std::atomic<bool> finish = false;
  std::atomic<bool> sending = false;
  int status = 0;
  {
    const std::jthread writer([&] {
      HttpClient client;
      std::size_t left = 4 << 20;
      status = client
                   .Do({.method = "PUT",
                        .url = url,
                        .producer =
                            [&](std::span<char> buffer) {
                              while (left <= 1 << 20 && !finish) {
                                sending = true;
                                std::this_thread::sleep_for(std::chrono::milliseconds(10));
                              }
                              const std::size_t bytes = std::min(left, buffer.size());
                              std::fill_n(buffer.begin(), bytes, 'v');
                              left -= bytes;
                              return bytes;
                            },
                        .size = left})
                   .status;
    });
    while (!sending) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const HttpResponse refused = S3("admin", {.method = "DELETE", .target = "/bkt"});
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(Code(refused), "BucketNotEmpty");
    finish = true;
  }
  EXPECT_EQ(status, 200);
  EXPECT_TRUE(Exists("/bkt"));
  EXPECT_TRUE(Exists("/bkt/key"));
}

}  // namespace
}  // namespace mkv::testing
