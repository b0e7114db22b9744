// What a reader gets of a value of which a replica is damaged, and what becomes of the replica.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "mkvcore/format/blob_path.h"
#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/record.h"
#include "mkvcore/index/leveldb_index.h"
#include "tests/s3_gateway/s3_gateway_test.h"
#include "tests/support/file_text.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

class DamagedReplica : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  }
  // Stores a value under /bkt/k and flips a byte of the replica that is read first.
  void StoreDamaged(std::size_t size, std::size_t damaged_at) {
    value_ = GeneratedValue(size, size).Bytes();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = value_}).status, 200);
    const HttpResponse head =
        cluster().client().Do({.method = "HEAD",
                               .url = cluster().gateway().url() + "/bkt/k",
                               .headers = {"Authorization: Basic YWRtaW46YWRtaW4tc2VjcmV0"}});
    const std::string volumes = head.Header("Key-Volumes");
    const std::string first = volumes.substr(0, volumes.find(','));
    file_ = cluster().VolumeNamed(first).folder() / first.substr(first.find('/') + 1) /
            BlobPath("/bkt/k", kPlain).substr(1);
    std::string damaged = value_;
    damaged[damaged_at] ^= 1;
    std::ofstream(file_, std::ios::binary) << damaged;
  }
  // From here on nothing says which bytes the value has, as where the original wrote it without
  // MD5.
  void ForgetDigests() {
    ASSERT_EQ(cluster().gateway().Terminate(), 0);
    {
      const auto index = LevelDbIndex::Open(cluster().gateway().options().index.string());
      Record record = Record::Decode(index->Get("/bkt/k").value()).value();
      record.hash.clear();
      Batch batch;
      batch.Put("/bkt/k", record.Encode());
      batch.Delete(MetadataKey("/bkt/k"));
      ASSERT_TRUE(index->Write(batch, Index::Durability::kSynced));
    }
    cluster().gateway().Start();
  }
  HttpResponse Read() { return S3("admin", {.target = "/bkt/k"}); }
  bool AwaitRepair() {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (FileText(file_) != value_) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(50ms);
    }
    return true;
  }

  std::string value_;
  std::filesystem::path file_;
};

TEST_F(DamagedReplica, ASmallValueIsReadFromAnotherAndTheReplicaIsRepaired) {
  StoreDamaged(2'000, 1'000);
  const HttpResponse got = Read();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, value_);
  EXPECT_TRUE(AwaitRepair());
}

TEST_F(DamagedReplica, ALargeValueEndsEarlyAndTheReplicaIsRepaired) {
  StoreDamaged(3'000'000, 2'999'999);
  const HttpResponse broken = Read();
  EXPECT_NE(broken.error, "") << "a whole answer with a wrong byte";
  EXPECT_LT(broken.body.size(), value_.size());
  EXPECT_TRUE(AwaitRepair());
  EXPECT_EQ(Read().body, value_);
}

TEST_F(DamagedReplica, AShortOneIsMadeUpForByAnother) {
  StoreDamaged(3'000'000, 0);
  std::filesystem::resize_file(file_, 1'000'000);
  std::ofstream(file_, std::ios::binary | std::ios::in) << value_.front();
  const HttpResponse got = Read();
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.body, value_);
  EXPECT_TRUE(AwaitRepair());
}

TEST_F(DamagedReplica, AMissingSmallOneIsMadeUpForByAnother) {
  StoreDamaged(100, 0);
  std::filesystem::remove(file_);
  EXPECT_EQ(Read().body, value_);
  EXPECT_TRUE(AwaitRepair());
}

TEST_F(DamagedReplica, AMissingLargeOneIsMadeUpForByAnother) {
  StoreDamaged(2'000'000, 0);
  std::filesystem::remove(file_);
  EXPECT_EQ(Read().body, value_);
  EXPECT_TRUE(AwaitRepair());
}

// No digest is known of a range, and the copy gets one of its own.
TEST_F(DamagedReplica, ACopyOfARangeDoesNotSpreadIt) {
  StoreDamaged(12 << 20, 1'000);
  const HttpResponse created = S3("admin", {.method = "POST", .target = "/bkt/copy?uploads"});
  const std::string id = Element(created.body, "UploadId");
  const auto copy = [&](const std::string& range) {
    return S3("admin", {.method = "PUT",
                        .target = "/bkt/copy?partNumber=1&uploadId=" + id,
                        .headers = {"x-amz-copy-source: /bkt/k",
                                    "x-amz-copy-source-range: bytes=" + range}});
  };
  EXPECT_EQ(copy("2000-6000000").status, 200) << "there it is sound";
  EXPECT_NE(copy("0-6000000").body.find("<Error>"), std::string::npos);
  EXPECT_TRUE(AwaitRepair());
  EXPECT_EQ(Element(copy("0-6000000").body, "ETag"),
            "\"" + Md5Hex(value_.substr(0, 6'000'001)) + "\"");
}

// The damaged one might be any of them: none is copied over another.
TEST_F(DamagedReplica, WhereNoDigestIsKnownNeitherOfTwoThatDifferIsTakenForTheValue) {
  StoreDamaged(6 << 20, 1'000);
  const std::string damaged = FileText(file_);
  ForgetDigests();
  const HttpResponse created = S3("admin", {.method = "POST", .target = "/bkt/copy?uploads"});
  for (const std::string& target :
       {"/bkt/copy?partNumber=1&uploadId=" + Element(created.body, "UploadId"),
        std::string("/bkt/whole")}) {
    const HttpResponse copied =
        S3("admin", {.method = "PUT", .target = target, .headers = {"x-amz-copy-source: /bkt/k"}});
    EXPECT_NE(copied.body.find("<Error>"), std::string::npos) << target;
  }
  const HttpResponse tagged =
      S3("admin", {.method = "PUT",
                   .target = "/bkt/k?tagging",
                   .body = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"
                           "</Tagging>"});
  EXPECT_EQ(tagged.status, 200) << "its bytes stay where they are";
  std::this_thread::sleep_for(500ms);  // for a repair, if there was one
  EXPECT_EQ(FileText(file_), damaged);
}

TEST_F(DamagedReplica, AShortOneIsNotWhatATaggedObjectBecomes) {
  StoreDamaged(100'000, 0);
  ForgetDigests();
  std::ofstream(file_, std::ios::binary) << value_.substr(0, 50'000);
  const HttpResponse tagged =
      S3("admin", {.method = "PUT",
                   .target = "/bkt/k?tagging",
                   .body = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"
                           "</Tagging>"});
  EXPECT_EQ(tagged.status, 200) << tagged.body;
  EXPECT_EQ(Read().body, value_);
}

// The loop that answers small objects leaves to a worker what a volume does not answer.
TEST_F(DamagedReplica, ASmallOneOnAVolumeThatDoesNotAnswerIsReadElsewhere) {
  StoreDamaged(100, 0);
  std::ofstream(file_, std::ios::binary) << value_;
  for (std::size_t i = 0; i < cluster().volume_count(); ++i) {
    cluster().volume(i).Pause();
    EXPECT_EQ(Read().body, value_) << i;
    cluster().volume(i).Resume();
  }
}

}  // namespace
}  // namespace mkv::testing
