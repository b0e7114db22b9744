// Writes of one object that are under way together: whatever order the answers suggest, what is
// there in the end is what one order of them leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>

#include "mkvcore/format/blob_path.h"
#include "tests/s3_gateway/s3_gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class OvertakenWrites : public S3GatewayTest {
 protected:
  // A PUT that is noted in the index, and waits for the rest of its body.
  class SlowPut {
   public:
    SlowPut(OvertakenWrites& test, const std::string& header, std::string value)
        : connection_(test.cluster().gateway().port()), value_(std::move(value)) {
      connection_.Send("PUT " + test.Presign("admin", "PUT", "/bkt/k") +
                       " HTTP/1.1\r\nHost: " + test.Host() + "\r\n" + header +
                       "Expect: 100-continue\r\nContent-Length: " + std::to_string(value_.size()) +
                       "\r\n\r\n");
      EXPECT_THAT(connection_.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
      connection_.Send(std::string_view(value_).substr(0, value_.size() / 2));
    }
    // The answer.
    std::string Finish() {
      connection_.Send(std::string_view(value_).substr(value_.size() / 2));
      return connection_.ReadResponse();
    }

   private:
    RawConnection connection_;
    const std::string value_;
  };

  void SetUp() override {
    StartS3({}, /*volumes=*/4);
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
    etag_ = Put("old").Header("ETag");
  }
  HttpResponse Put(const std::string& value, std::vector<std::string> headers = {}) {
    return S3("admin",
              {.method = "PUT", .target = "/bkt/k", .headers = std::move(headers), .body = value});
  }
  // One of the three volumes that hold it. The next value goes to others.
  void StopAHolder() {
    for (std::size_t i = 0; i < cluster().volume_count(); ++i) {
      for (const std::string& file : cluster().volume(i).Files()) {
        if (file.ends_with(BlobPath("/bkt/k", kPlain))) return cluster().volume(i).Stop();
      }
    }
    FAIL() << "no volume holds the object";
  }
  std::string Get() { return S3("admin", {.target = "/bkt/k"}).body; }

  const std::string new_ = std::string(3'000'000, 'n');
  std::string etag_;  // of "old"
};

// Nobody would have the value that was answered 200 otherwise: before the other one its condition
// holds, and after it the value would be there.
TEST_F(OvertakenWrites, AConditionHoldsForOneOfTwoThoughTheSecondLeavesWhatItNames) {
  SlowPut first(*this, "If-Match: " + etag_ + "\r\n", new_);
  ASSERT_EQ(Put("old", {"If-Match: " + etag_}).status, 200);
  const std::string answer = first.Finish();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 409 "));
  EXPECT_THAT(answer, HasSubstr("<Code>ConditionalRequestConflict</Code>"));
  EXPECT_EQ(Get(), "old");
}

TEST_F(OvertakenWrites, WhatCameSecondToOneWithAConditionIsSentAgain) {
  SlowPut first(*this, "", new_);
  ASSERT_EQ(Put("next", {"If-Match: " + etag_}).status, 200);
  const std::string answer = first.Finish();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1"));
  EXPECT_EQ(Get(), "next");
  SlowPut again(*this, "", new_);
  EXPECT_THAT(again.Finish(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Get() == new_);
}

TEST_F(OvertakenWrites, ANativePutReliesOnThereBeingNoValue) {
  ASSERT_EQ(S3("admin", {.method = "DELETE", .target = "/bkt/k"}).status, 204);
  RawConnection native(cluster().gateway().port());
  native.Send(
      "PUT /bkt/k HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46YWRtaW4tc2VjcmV0\r\n"
      "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n");
  ASSERT_THAT(native.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
  SlowPut other(*this, "", new_);
  native.Send("native");
  ASSERT_THAT(native.ReadResponse(), StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(other.Finish(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(Get(), "native");
}

TEST_F(OvertakenWrites, WithoutConditionsTheLaterOneStays) {
  SlowPut first(*this, "", new_);
  ASSERT_EQ(Put("next").status, 200);
  EXPECT_THAT(first.Finish(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(Get(), "next");
}

// Its bytes are written anew then, and are older than what is on its way.
TEST_F(OvertakenWrites, TagsSetWhileAVolumeIsAwayDoNotBringTheOldValueBack) {
  StopAHolder();
  SlowPut first(*this, "", new_);
  ASSERT_EQ(S3("admin", {.method = "PUT",
                         .target = "/bkt/k?tagging",
                         .body = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"
                                 "</Tagging>"})
                .status,
            200);
  EXPECT_EQ(Get(), "old");
  EXPECT_THAT(first.Finish(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Get() == new_);
}

TEST_F(OvertakenWrites, NewMetadataWhileAVolumeIsAwayDoesNotBringTheOldValueBack) {
  StopAHolder();
  SlowPut first(*this, "", new_);
  const std::vector<std::string> headers = {"x-amz-copy-source: /bkt/k", "x-amz-meta-a: b",
                                            "x-amz-metadata-directive: REPLACE"};
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .headers = headers}).status, 200);
  EXPECT_EQ(Get(), "old");
  EXPECT_THAT(first.Finish(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Get() == new_);
}

TEST_F(OvertakenWrites, NewMetadataIsThatOfWhateverValueIsThere) {
  const std::jthread writer([this](const std::stop_token& stop) {
    HttpClient client;
    for (int i = 0; !stop.stop_requested(); ++i) {
      const HttpResponse put =
          client.Do({.method = "PUT",
                     .url = cluster().gateway().url() + Presign("admin", "PUT", "/bkt/k"),
                     .body = std::string(1000 + i % 1000, 'v')});
      EXPECT_EQ(put.status, 200);
    }
  });
  int copied = 0;
  for (int i = 0; i < 300; ++i) {
    const HttpResponse copy =
        S3("admin", {.method = "PUT",
                     .target = "/bkt/k",
                     .headers = {"x-amz-copy-source: /bkt/k", "x-amz-meta-a: b",
                                 "x-amz-metadata-directive: REPLACE"}});
    // One of the others may come first again and again.
    if (copy.status != 200) {
      EXPECT_EQ(Code(copy), "OperationAborted") << copy.body;
    }
    copied += copy.status == 200;
  }
  EXPECT_GT(copied, 100);
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("damaged")));
}

}  // namespace
}  // namespace mkv::testing
