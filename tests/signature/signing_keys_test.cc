#include "s3api/signature/signing_keys.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "s3api/checksum/digest_text.h"
#include "tests/signature/signed_request.h"

namespace mkv::s3 {
namespace {

TEST(SigningKeys, AreDerivedAsAwsPublishes) {
  // "Examples of how to derive a signing key for Signature Version 4", AWS General Reference.
  EXPECT_EQ(Hex(DeriveSigningKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215",
                                 "us-east-1", "iam")),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
}

TEST(SigningKeys, AreKeptForTheirScopeAndSecret) {
  SigningKeys keys(10);
  keys.Keep("a", "secret", "20260101", "r", "key");
  EXPECT_EQ(keys.Find("a", "secret", "20260101", "r"), "key");
  EXPECT_EQ(keys.Find("b", "secret", "20260101", "r"), std::nullopt);
  EXPECT_EQ(keys.Find("a", "secret", "20260102", "r"), std::nullopt);
  EXPECT_EQ(keys.Find("a", "secret", "20260101", "q"), std::nullopt);
  EXPECT_EQ(keys.Find("a", "changed", "20260101", "r"), std::nullopt);
  keys.Keep("a", "changed", "20260101", "r", "new");
  EXPECT_EQ(keys.Find("a", "changed", "20260101", "r"), "new");
  EXPECT_EQ(keys.Find("a", "secret", "20260101", "r"), std::nullopt);
}

TEST(SigningKeys, MakeRoomByDroppingTheLeastRecentlyUsed) {
  SigningKeys keys(2);
  keys.Keep("a", "s", "20260101", "r", "A");
  keys.Keep("b", "s", "20260101", "r", "B");
  EXPECT_TRUE(keys.Find("a", "s", "20260101", "r"));
  keys.Keep("c", "s", "20260101", "r", "C");
  EXPECT_TRUE(keys.Find("a", "s", "20260101", "r"));
  EXPECT_FALSE(keys.Find("b", "s", "20260101", "r"));
  EXPECT_TRUE(keys.Find("c", "s", "20260101", "r"));
  SigningKeys none(0);
  none.Keep("a", "s", "20260101", "r", "A");
  EXPECT_FALSE(none.Find("a", "s", "20260101", "r"));
}

TEST(SigningKeys, ASecretThatChangesTakesEffectAtOnce) {
  Authenticator authenticator({});
  SignedRequest request{"GET", "/", ""};
  request["Host"] = "h";
  request["x-amz-date"] = kExampleTime;
  request["x-amz-content-sha256"] = kUnsignedPayload;
  request.Sign();
  EXPECT_EQ(Outcome(authenticator.Authenticate(request.View(), request.Parameters(), ExampleSecret,
                                               At(kExampleTime))),
            "ok");
  const auto changed = [](std::string_view) { return std::optional<std::string>("other"); };
  EXPECT_EQ(Outcome(authenticator.Authenticate(request.View(), request.Parameters(), changed,
                                               At(kExampleTime))),
            "SignatureDoesNotMatch");
}

TEST(SigningKeys, AreSharedByThreads) {
  SigningKeys keys(8);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&keys] {
      for (int i = 0; i < 5000; ++i) {
        const std::string name = std::to_string(i % 16);
        if (const auto key = keys.Find(name, "s", "20260101", "r")) {
          EXPECT_EQ(*key, "key of " + name);
        } else {
          keys.Keep(name, "s", "20260101", "r", "key of " + name);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace mkv::s3
