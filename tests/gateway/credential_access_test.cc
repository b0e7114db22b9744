// Who may speak HTTP Basic, and from where.
#include "s3api/gateway/credential_access.h"

#include <Poco/Net/HTTPBasicCredentials.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_folder.h"

namespace mkv::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct From {
  bool loopback = false;
  bool tls = false;
};

class CredentialAccessTest : public ::testing::Test {
 protected:
  CredentialAccessTest() {
    const auto file = folder_.path() / "credentials.json";
    std::ofstream(file) << R"([
      {"user": "a", "access_key": "ADMIN", "secret_key": "se:cret", "access": "admin"},
      {"user": "b", "access_key": "READER", "secret_key": "other", "access": "read-only",
       "buckets": ["team-*"]}])";
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    credentials_.emplace(file.string());
  }

  NativeAccess::Identity Identify(const std::string& authorization, From from,
                                  bool allow_plain = false) const {
    http::RequestHead head;
    head.peer_is_loopback = from.loopback;
    head.over_tls = from.tls;
    if (!authorization.empty()) head.headers.add("Authorization", authorization);
    return CredentialAccess(*credentials_, allow_plain).Identify(head);
  }

  const testing::TempFolder folder_;
  std::optional<CurrentCredentials> credentials_;
};

// base64("ADMIN:se:cret"), base64("READER:other")
constexpr char kAdmin[] = "Basic QURNSU46c2U6Y3JldA==";
constexpr char kReader[] = "Basic UkVBREVSOm90aGVy";

TEST_F(CredentialAccessTest, InTheClearFromElsewhereNothingIsTakenNorAskedFor) {
  for (const char* const authorization : {kAdmin, kReader, "Basic bm86Ym9keQ==", "Bearer x", ""}) {
    const auto identity = Identify(authorization, {});
    EXPECT_EQ(identity.caller, nullptr);
    EXPECT_THAT(identity.refusal, HasSubstr("over TLS only"));
  }
}

TEST_F(CredentialAccessTest, IsTakenFromThisMachineOverTlsAndWhereItIsAllowed) {
  for (const From from : {From{.loopback = true}, From{.tls = true}, From{true, true}}) {
    const auto identity = Identify(kAdmin, from);
    ASSERT_NE(identity.caller, nullptr);
    EXPECT_TRUE(identity.caller->IsAdmin());
  }
  EXPECT_NE(Identify(kAdmin, {}, /*allow_plain=*/true).caller, nullptr);
}

TEST_F(CredentialAccessTest, WhatIsNotAKeyAndItsSecretIsNobody) {
  for (const char* const authorization :
       {"", "Basic", "Basic ", "Basic !!!!", "Basic QURNSU4=", "Basic QURNSU46", "Bearer x",
        "basic QURNSU46c2U6Y3JldAA=", "Basic QURNSU46c2U6Y3JlVA==", "Basic OnNlOmNyZXQ=",
        "Basic UkVBREVSOnNlOmNyZXQ="}) {
    const auto identity = Identify(authorization, {.loopback = true});
    EXPECT_EQ(identity.caller, nullptr) << authorization;
    EXPECT_THAT(identity.refusal, IsEmpty());
  }
}

TEST_F(CredentialAccessTest, RightsAreThoseOfTheKey) {
  const auto reader = Identify(kReader, {.loopback = true}).caller;
  ASSERT_NE(reader, nullptr);
  EXPECT_FALSE(reader->IsAdmin());
  EXPECT_TRUE(reader->MayRead("/team-a/key"));
  EXPECT_FALSE(reader->MayWrite("/team-a/key"));
  EXPECT_FALSE(reader->MayRead("/other/key"));
  EXPECT_FALSE(reader->MayRead("/team-a")) << "in no bucket";
  EXPECT_FALSE(reader->MayRead("/"));
}

}  // namespace
}  // namespace mkv::s3
