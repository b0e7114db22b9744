#include "s3api/protocol/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/support/temp_folder.h"

namespace mkv::s3 {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kFile[] = R"([
  {"user": "alice", "access_key": "AK1", "secret_key": "s1", "access": "read-write",
   "buckets": ["team-*"]},
  {"user": "root", "access_key": "AK2", "secret_key": "s2", "access": "admin"}
])";

class CredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("MKV_ACCESS_KEY");
    unsetenv("MKV_SECRET_KEY");
  }
  void TearDown() override { SetUp(); }

  std::string Write(const std::string& text, mode_t mode = 0600) {
    const std::string path = (folder_.path() / "credentials.json").string();
    std::ofstream(path, std::ios::trunc) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  template <typename Function>
  static std::string MessageOf(Function function) {
    try {
      function();
    } catch (const CredentialsError& error) {
      return error.what();
    }
    return "";
  }
  static std::string ParseMessage(const std::string& text) {
    return MessageOf([&] { Credentials::Parse(text, "F"); });
  }

  testing::TempFolder folder_;
};

TEST_F(CredentialsTest, KeysAreFoundByTheirName) {
  const CurrentCredentials current(Write(kFile));
  const auto credentials = current.Get();
  const Principal* alice = credentials->Find("AK1");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->user, "alice");
  EXPECT_EQ(alice->secret_key, "s1");
  EXPECT_EQ(alice->access, Access::kReadWrite);
  EXPECT_FALSE(alice->unrestricted());
  ASSERT_NE(credentials->Find("AK2"), nullptr);
  EXPECT_TRUE(credentials->Find("AK2")->unrestricted());
  EXPECT_EQ(credentials->Find("AK3"), nullptr);
}

TEST_F(CredentialsTest, AFileThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0644, 0640, 0604, 0602}) {
    const std::string path = Write(kFile, mode);
    EXPECT_THAT(MessageOf([&] { Credentials::ReadFile(path); }),
                AllOf(HasSubstr(path), HasSubstr("chmod 600"), HasSubstr("mode 06")));
  }
  EXPECT_EQ(MessageOf([&] { Credentials::ReadFile(Write(kFile, 0400)); }), "");
}

TEST_F(CredentialsTest, AFileThatIsNotThereIsSaidSo) {
  EXPECT_THAT(MessageOf([] { Credentials::ReadFile("/nowhere/at/all"); }),
              HasSubstr("/nowhere/at/all: can not be opened: No such file"));
  EXPECT_THAT(MessageOf([&] { Credentials::ReadFile(folder_.path().string()); }),
              HasSubstr("is no file"));
}

TEST_F(CredentialsTest, MistakesAreNamed) {
  const auto entry = [](const std::string& fields) { return "[{" + fields + "}]"; };
  const std::string good = R"("user":"u","access_key":"a","secret_key":"s","access":"admin")";
  EXPECT_EQ(ParseMessage(entry(good)), "");
  EXPECT_EQ(ParseMessage("{}"), "F: is no JSON array");
  EXPECT_EQ(ParseMessage("[1]"), "F: entry 1 is no object");
  EXPECT_EQ(ParseMessage(entry(good + R"(,"bucket":["x"])")),
            "F: entry 1 has a field that is not known: \"bucket\"");
  EXPECT_THAT(ParseMessage(entry(R"("access_key":"a","secret_key":"s","access":"admin")")),
              HasSubstr("lacks \"user\""));
  EXPECT_THAT(
      ParseMessage(entry(R"("user":"u","access_key":"a","secret_key":"s","access":"root")")),
      HasSubstr("\"access\" that is neither"));
  EXPECT_THAT(
      ParseMessage(entry(R"("user":"u","access_key":"","secret_key":"s","access":"admin")")),
      HasSubstr("\"access_key\" that is empty"));
  EXPECT_THAT(
      ParseMessage(entry(R"("user":"u","access_key":"a:b","secret_key":"s","access":"admin")")),
      HasSubstr("with a colon"));
  EXPECT_THAT(ParseMessage(entry(good + R"(,"buckets":"x")")), HasSubstr("no array"));
  EXPECT_THAT(MessageOf([&] {
                auto principals = Credentials::Parse(entry(good), "F");
                principals.push_back(principals[0]);
                const Credentials credentials(principals);
              }),
              HasSubstr("the access key a is given twice"));
}

TEST_F(CredentialsTest, AMessageHoldsNoSecret) {
  EXPECT_THAT(ParseMessage(R"([{"secret_key": "topsecret" "x"}])"),
              AllOf(HasSubstr("is no JSON"), Not(HasSubstr("topsecret"))));
}

TEST_F(CredentialsTest, TheEnvironmentMakesAnAdmin) {
  EXPECT_EQ(Credentials::FromEnvironment(), std::nullopt);
  setenv("MKV_ACCESS_KEY", "AK9", 1);
  EXPECT_THAT(MessageOf([] { Credentials::FromEnvironment(); }),
              HasSubstr("MKV_ACCESS_KEY is set, but MKV_SECRET_KEY is not"));
  setenv("MKV_SECRET_KEY", "s9", 1);
  const CurrentCredentials current("");
  const auto credentials = current.Get();
  ASSERT_NE(credentials->Find("AK9"), nullptr);
  EXPECT_EQ(credentials->Find("AK9")->access, Access::kAdmin);
  EXPECT_EQ(credentials->Find("AK9")->secret_key, "s9");
}

TEST_F(CredentialsTest, ReadAgainTheyChangeOnlyIfTheFileIsRight) {
  const std::string path = Write(kFile);
  CurrentCredentials current(path);
  const auto before = current.Get();
  Write("nonsense");
  EXPECT_THROW(current.Reload(), CredentialsError);
  EXPECT_NE(current.Get()->Find("AK1"), nullptr);
  Write(R"([{"user":"u","access_key":"AK7","secret_key":"s","access":"read-only"}])");
  current.Reload();
  EXPECT_EQ(current.Get()->Find("AK1"), nullptr);
  EXPECT_NE(current.Get()->Find("AK7"), nullptr);
  EXPECT_NE(before->Find("AK1"), nullptr) << "who holds the old set keeps it";
  Write("[]");
  EXPECT_THROW(current.Reload(), CredentialsError) << "it would open the server to everyone";
  EXPECT_NE(current.Get()->Find("AK7"), nullptr);
  EXPECT_THROW(CurrentCredentials{path}, CredentialsError);
}

TEST(PatternTest, StarsAndQuestionMarks) {
  EXPECT_TRUE(MatchesPattern("team-a", "team-*"));
  EXPECT_TRUE(MatchesPattern("team-", "team-*"));
  EXPECT_FALSE(MatchesPattern("teamb", "team-*"));
  EXPECT_TRUE(MatchesPattern("anything", "*"));
  EXPECT_TRUE(MatchesPattern("", "*"));
  EXPECT_TRUE(MatchesPattern("a-b-c-d", "a*c*d"));
  EXPECT_FALSE(MatchesPattern("a-b-c", "a*c*d"));
  EXPECT_TRUE(MatchesPattern("abc", "a?c"));
  EXPECT_FALSE(MatchesPattern("ac", "a?c"));
  EXPECT_FALSE(MatchesPattern("bucket", "buck"));
  EXPECT_FALSE(MatchesPattern("buck", "bucket"));
}

Principal Of(Access access, std::optional<std::vector<std::string>> buckets) {
  return {"alice", "AK", "s", access, std::move(buckets)};
}

TEST(RightsTest, AnAdminMayDoAll) {
  const Principal admin = Of(Access::kAdmin, std::vector<std::string>{});
  EXPECT_TRUE(Allows(admin, "b", Action::kAdmin, "bob"));
  EXPECT_TRUE(Allows(admin, "b", Action::kWrite, std::nullopt));
}

TEST(RightsTest, AnOwnerMayDoAllUnlessReadOnly) {
  const Principal owner = Of(Access::kReadWrite, std::vector<std::string>{});
  EXPECT_TRUE(Allows(owner, "b", Action::kAdmin, "alice"));
  EXPECT_TRUE(Allows(owner, "b", Action::kWrite, "alice"));
  EXPECT_FALSE(Allows(owner, "b", Action::kRead, "bob"));
  EXPECT_FALSE(Allows(owner, "b", Action::kRead, std::nullopt));
  const Principal reader = Of(Access::kReadOnly, std::vector<std::string>{});
  EXPECT_TRUE(Allows(reader, "b", Action::kRead, "alice"));
  EXPECT_FALSE(Allows(reader, "b", Action::kWrite, "alice"));
  EXPECT_FALSE(Allows(reader, "b", Action::kAdmin, "alice"));
}

TEST(RightsTest, APatternLetsInButGivesNoOwnership) {
  const Principal member = Of(Access::kReadWrite, std::vector<std::string>{"team-*"});
  EXPECT_TRUE(Allows(member, "team-a", Action::kRead, "bob"));
  EXPECT_TRUE(Allows(member, "team-a", Action::kWrite, "bob"));
  EXPECT_TRUE(Allows(member, "team-a", Action::kWrite, std::nullopt));
  EXPECT_FALSE(Allows(member, "team-a", Action::kAdmin, "bob"));
  EXPECT_FALSE(Allows(member, "other", Action::kRead, "bob"));
}

TEST(RightsTest, WithoutPatternsEveryBucketIsReached) {
  const Principal reader = Of(Access::kReadOnly, std::nullopt);
  EXPECT_TRUE(Allows(reader, "any", Action::kRead, "bob"));
  EXPECT_FALSE(Allows(reader, "any", Action::kWrite, std::nullopt));
}

}  // namespace
}  // namespace mkv::s3
