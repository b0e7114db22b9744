// A range is sent of one value, whatever becomes of the key and the volumes meanwhile. No digest of
// it is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "mkvcore/format/blob_path.h"
#include "tests/s3_gateway/s3_gateway_test.h"
#include "tests/support/generated_value.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using ::testing::Contains;

// More than the sockets between volume and client hold: most of it is still to be read when the
// client has seen the head.
constexpr std::size_t kSize = 48 << 20;

class ReplacedWhileRead : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = old_}).status, 200);
    reader_.emplace(cluster().gateway().port());
    reader_->Send("GET " + Presign("admin", "GET", "/bkt/k") + " HTTP/1.1\r\nHost: " + Host() +
                  "\r\nRange: bytes=1-\r\nConnection: close\r\n\r\n");
    const std::string head = reader_->ReadUntil("\r\n\r\n");
    ASSERT_TRUE(head.starts_with("HTTP/1.1 206 ")) << head;
  }
  // By the native API, which deletes at once and puts the next value on the same path.
  HttpResponse Native(const std::string& method, std::optional<std::string> body = std::nullopt) {
    return cluster().client().Do({.method = method,
                                  .url = cluster().gateway().url() + "/bkt/k",
                                  .headers = {"Authorization: Basic YWRtaW46YWRtaW4tc2VjcmV0"},
                                  .body = std::move(body)});
  }
  void BreakTransfersOff() {
    for (std::size_t i = 0; i < cluster().volume_count(); ++i) cluster().volume(i).KillWorkers();
  }
  // What the client gets in the end; not compared by EXPECT_EQ, which would print it.
  std::string Rest() { return reader_->ReadToEnd(std::chrono::seconds(60)); }

  const std::string old_ = GeneratedValue(1, kSize).Bytes();
  const std::string new_ = GeneratedValue(2, kSize).Bytes();
  std::optional<RawConnection> reader_;
};

TEST_F(ReplacedWhileRead, GoesOnAtAnotherReplicaWhenNothingWasReplaced) {
  BreakTransfersOff();
  EXPECT_TRUE(Rest() == old_.substr(1));
}

TEST_F(ReplacedWhileRead, IsNeverCompleteWithBytesOfTheNextValue) {
  ASSERT_EQ(Native("DELETE").status, 204);
  ASSERT_EQ(Native("PUT", new_).status, 201);
  for (std::size_t i = 0; i < cluster().volume_count(); ++i) {
    ASSERT_THAT(cluster().volume(i).Files(), Contains(::testing::EndsWith(BlobPath("/bkt/k", 0))))
        << "the next value must lie where the other one did";
  }
  BreakTransfersOff();
  EXPECT_LT(Rest().size(), kSize - 1);
}

TEST_F(ReplacedWhileRead, IsCompleteWhenTheVolumeHoldsItOpen) {
  ASSERT_EQ(Native("DELETE").status, 204);
  EXPECT_TRUE(Rest() == old_.substr(1)) << "deleted, and nothing came in its place";
}

TEST_F(ReplacedWhileRead, ADeletedOneIsReadToItsEnd) {
  ASSERT_EQ(S3("admin", {.method = "DELETE", .target = "/bkt/k"}).status, 204);
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = new_}).status, 200);
  BreakTransfersOff();
  EXPECT_TRUE(Rest() == old_.substr(1)) << "its files stay for the readers under way";
}

}  // namespace
}  // namespace mkv::testing
