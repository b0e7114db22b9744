#include "s3api/multipart/upload.h"

#include <gtest/gtest.h>

#include <thread>

#include "s3api/multipart/upload_registry.h"
#include "s3api/protocol/error.h"
#include "tests/multipart/staged_parts.h"

namespace mkv::s3 {
namespace {

using namespace std::chrono_literals;
using mkv::testing::PartOf;
using Aborted = MultipartUpload::Aborted;
using Begun = MultipartUpload::Begun;

class UploadTest : public ::testing::Test {
 protected:
  static UploadTerms Terms(const std::string& key = "key", const std::string& bucket = "bucket") {
    UploadTerms terms;
    terms.bucket = bucket;
    terms.key = key;
    return terms;
  }
  bool Put(MultipartUpload& upload, std::uint32_t number, std::string_view bytes) {
    return upload.Put(number, PartOf(memory_, bytes), memory_.TakeBookkeeping(100).value());
  }

  PartMemory memory_{64 << 20};
  UploadRegistry registry_{memory_, 24h};
};

TEST_F(UploadTest, APartReplacesTheOneBefore) {
  const auto upload = registry_.Create(Terms());
  EXPECT_TRUE(Put(*upload, 1, "first"));
  const std::uint64_t used = memory_.used();
  EXPECT_TRUE(Put(*upload, 1, "second"));
  EXPECT_EQ(memory_.used(), used) << "the first one's memory is back";
  ASSERT_EQ(upload->parts().size(), 1U);
  EXPECT_EQ(upload->parts().at(1)->facts().size, 6U);
}

TEST_F(UploadTest, AbortingGivesItsMemoryBack) {
  std::shared_ptr<MultipartUpload> upload = registry_.Create(Terms());
  EXPECT_TRUE(Put(*upload, 1, "part"));
  EXPECT_EQ(upload->Abort(), Aborted::kYes);
  registry_.Remove(*upload);
  EXPECT_EQ(upload->Abort(), Aborted::kEnded);
  EXPECT_FALSE(Put(*upload, 2, "late"));
  EXPECT_FALSE(upload->BeginActivity());
  EXPECT_EQ(upload->BeginCompletion(), Begun::kEnded);
  EXPECT_EQ(registry_.Find(upload->terms().id, "bucket", "key"), nullptr);
  upload.reset();
  EXPECT_EQ(memory_.used(), 0U);
}

TEST_F(UploadTest, PartsThatComeWhileItIsCompletedCountIfThatFails) {
  const auto upload = registry_.Create(Terms());
  EXPECT_TRUE(Put(*upload, 1, "first"));
  ASSERT_EQ(upload->BeginCompletion(), Begun::kYes);
  const MultipartUpload::Parts completing = upload->parts();
  EXPECT_TRUE(Put(*upload, 1, "second"));
  EXPECT_EQ(completing.at(1)->facts().size, 5U);
  EXPECT_EQ(upload->BeginCompletion(), Begun::kBusy);
  upload->EndCompletion(/*committed=*/false);
  ASSERT_EQ(upload->BeginCompletion(), Begun::kYes);
  EXPECT_EQ(upload->parts().at(1)->facts().size, 6U);
  EXPECT_TRUE(upload->EnterCommit());
  upload->EndCompletion(/*committed=*/true);
  EXPECT_FALSE(Put(*upload, 2, "late"));
  EXPECT_EQ(upload->BeginCompletion(), Begun::kEnded);
}

TEST_F(UploadTest, AnAbortWinsUntilTheCommit) {
  const auto first = registry_.Create(Terms());
  ASSERT_EQ(first->BeginCompletion(), Begun::kYes);
  EXPECT_EQ(first->Abort(), Aborted::kYes);
  EXPECT_TRUE(first->aborted());
  EXPECT_FALSE(first->EnterCommit());
  first->EndCompletion(/*committed=*/false);
  EXPECT_EQ(first->BeginCompletion(), Begun::kEnded);

  const auto second = registry_.Create(Terms());
  ASSERT_EQ(second->BeginCompletion(), Begun::kYes);
  ASSERT_TRUE(second->EnterCommit());
  EXPECT_TRUE(second->EnterCommit()) << "a commit is tried again when somebody else was faster";
  EXPECT_EQ(second->Abort(), Aborted::kCommitting);
  std::jthread committing([&] { second->EndCompletion(/*committed=*/true); });
  Aborted aborted = Aborted::kCommitting;
  while (aborted == Aborted::kCommitting) {
    second->WaitForCompletion();
    aborted = second->Abort();
  }
  EXPECT_EQ(aborted, Aborted::kEnded);
}

// It may have ended between being told so and waiting.
TEST_F(UploadTest, NobodyWaitsForACompletionThatHasEnded) {
  constexpr int kTimes = 20;
  const auto upload = registry_.Create(Terms());
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) {
    ASSERT_EQ(upload->BeginCompletion(), Begun::kYes);
    ASSERT_EQ(upload->BeginCompletion(), Begun::kBusy);
    upload->EndCompletion(/*committed=*/false);
    upload->WaitForCompletion();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, kTimes * 1s);
}

TEST_F(UploadTest, ExpiresWhenNothingHappens) {
  const auto upload = registry_.Create(Terms());
  const auto created = MultipartUpload::Clock::now();
  EXPECT_FALSE(upload->Expire(created - 1s));
  {
    const auto activity = upload->BeginActivity();
    EXPECT_FALSE(upload->Expire(created + 1h)) << "a part is on its way";
  }
  EXPECT_FALSE(upload->Expire(created)) << "a part was on its way since";
  ASSERT_EQ(upload->BeginCompletion(), Begun::kYes);
  EXPECT_FALSE(upload->Expire(created + 1h));
  upload->EndCompletion(/*committed=*/false);
  EXPECT_TRUE(upload->Expire(created + 1h));
  EXPECT_FALSE(upload->BeginActivity());
}

TEST_F(UploadTest, RegistryDropsTheExpiredOnes) {
  UploadRegistry hasty(memory_, 50ms);
  std::shared_ptr<MultipartUpload> upload = hasty.Create(Terms());
  EXPECT_TRUE(Put(*upload, 1, "part"));
  const std::string id = upload->terms().id;
  upload.reset();
  for (int i = 0; i < 3000 && hasty.Find(id, "bucket", "key"); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(hasty.Find(id, "bucket", "key"), nullptr);
  EXPECT_EQ(memory_.used(), 0U);
}

TEST_F(UploadTest, IsFoundUnderItsOwnNameOnly) {
  const auto upload = registry_.Create(Terms());
  const std::string& id = upload->terms().id;
  EXPECT_EQ(registry_.Find(id, "bucket", "key"), upload);
  EXPECT_EQ(registry_.Find(id, "bucket", "other"), nullptr);
  EXPECT_EQ(registry_.Find(id, "other", "key"), nullptr);
  EXPECT_EQ(registry_.Find(id + "0", "bucket", "key"), nullptr);
  EXPECT_NE(registry_.Create(Terms())->terms().id, id);
}

TEST_F(UploadTest, ABucketThatIsDeletedTakesItsUploadsAlong) {
  const auto doomed = registry_.Create(Terms("key", "doomed"));
  const auto kept = registry_.Create(Terms("key", "doomed2"));
  registry_.AbortAllIn("doomed");
  EXPECT_EQ(registry_.Find(doomed->terms().id, "doomed", "key"), nullptr);
  EXPECT_EQ(doomed->Abort(), Aborted::kEnded);
  EXPECT_EQ(registry_.Find(kept->terms().id, "doomed2", "key"), kept);
}

TEST_F(UploadTest, TooManyAreToldToSlowDown) {
  PartMemory little(0);
  UploadRegistry registry(little, 24h);
  std::vector<std::shared_ptr<MultipartUpload>> uploads;
  try {
    for (int i = 0; i < 100'000; ++i) uploads.push_back(registry.Create(Terms()));
    FAIL() << "there is no end to them";
  } catch (const S3Error& error) {
    EXPECT_EQ(error.code(), "SlowDown");
    EXPECT_EQ(error.status(), 503);
    EXPECT_GT(uploads.size(), 1000U);
  }
  EXPECT_THROW(registry.TakePartShare(), S3Error);
  registry.Remove(*uploads.back());
  uploads.pop_back();
  EXPECT_NO_THROW(registry.TakePartShare());
}

}  // namespace
}  // namespace mkv::s3
