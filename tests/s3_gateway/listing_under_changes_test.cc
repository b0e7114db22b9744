// A listing names no key that is gone with made-up attributes: what it says of a key was so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/s3_gateway/s3_gateway_test.h"
#include "tests/support/http_client.h"

namespace mkv::testing {
namespace {

using ::testing::Each;

constexpr int kKeys = 400;

class ListingUnderChanges : public S3GatewayTest {
 protected:
  HttpResponse Do(HttpClient& client, const std::string& method, int key) {
    const std::string path = "/bkt/key-" + std::to_string(10'000 + key);
    return client.Do({.method = method,
                      .url = cluster().gateway().url() + Presign("admin", method, path),
                      .body = method == "PUT" ? std::optional(value_) : std::nullopt});
  }

  const std::string value_ = "of nine b";
};

TEST_F(ListingUnderChanges, AKeyThatGoesMeanwhileIsWholeOrNotThere) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  for (int i = 0; i < kKeys; ++i) ASSERT_EQ(Do(cluster().client(), "PUT", i).status, 200);

  std::atomic<int> changes = 0;
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer](const std::stop_token& stop) {
      HttpClient client;
      for (int i = writer; !stop.stop_requested(); i = (i + 4) % kKeys) {
        EXPECT_EQ(Do(client, "DELETE", i).status, 204);
        EXPECT_EQ(Do(client, "PUT", i).status, 200);
        ++changes;
      }
    });
  }
  const std::string size = std::to_string(value_.size());
  for (int listing = 0; listing < 300 || changes < kKeys; ++listing) {
    const HttpResponse page = S3("admin", {.target = "/bkt?list-type=2"});
    ASSERT_EQ(page.status, 200);
    const std::vector<std::string> sizes = Elements(page.body, "Size");
    EXPECT_GT(sizes.size(), 0u);
    EXPECT_THAT(sizes, Each(size));
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace mkv::testing
