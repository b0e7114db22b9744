#include "s3api/protocol/form_policy.h"

#include <gtest/gtest.h>

#include "s3api/checksum/digest_text.h"
#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000'000;  // 2023-11-14T22:13:20Z

std::string Policy(const std::string& conditions,
                   const std::string& expiration = "2023-11-14T22:13:21.000Z") {
  return Base64("{\"expiration\": \"" + expiration + "\", \"conditions\": [" + conditions + "]}");
}

// The code and the first words of the message; "ok".
std::string Checked(const std::string& policy, const FormFields& fields) {
  try {
    CheckFormPolicy(policy, fields, kNow);
  } catch (const S3Error& error) {
    return error.code() + ": " + error.message();
  }
  return "ok";
}

constexpr char kFailed[] = "AccessDenied: Invalid according to Policy: Policy Condition failed: ";

TEST(FormPolicyTest, EachConditionHasToHold) {
  const FormFields fields = {{"bucket", "b"}, {"key", "user/1"}, {"acl", "private"}};
  const std::string base = R"({"bucket": "b"}, {"acl": "private"}, )";
  EXPECT_EQ(Checked(Policy(base + R"(["eq", "$key", "user/1"])"), fields), "ok");
  EXPECT_EQ(Checked(Policy(base + R"(["starts-with", "$Key", "user/"])"), fields), "ok");
  EXPECT_EQ(Checked(Policy(base + R"(["starts-with", "$key", ""])"), fields), "ok");
  EXPECT_EQ(Checked(Policy(base + R"(["Eq", "$key", "user/1"])"), fields), "ok");
  EXPECT_EQ(Checked(Policy(base + R"(["eq", "$key", "user/2"])"), fields),
            std::string(kFailed) + R"(["eq","$key","user/2"])");
  EXPECT_EQ(Checked(Policy(base + R"(["starts-with", "$key", "other/"])"), fields),
            std::string(kFailed) + R"(["starts-with","$key","other/"])");
  EXPECT_EQ(Checked(Policy(base + R"({"key": "user/1"}, {"x-amz-meta-a": "1"})"), fields),
            std::string(kFailed) + R"(["eq","$x-amz-meta-a","1"])");
  EXPECT_EQ(
      Checked(Policy(R"({"bucket": "other"}, {"key": "user/1"}, {"acl": "private"})"), fields),
      std::string(kFailed) + R"(["eq","$bucket","other"])");
}

TEST(FormPolicyTest, EachTypeInAListHasToStartWithIt) {
  const auto with = [](const std::string& type, const std::string& start) {
    return Checked(Policy(R"(["starts-with", "$Content-Type", ")" + start +
                          R"("], ["starts-with", "$key", "a"])"),
                   {{"content-type", type}, {"key", "a,b"}});
  };
  EXPECT_EQ(with("image/jpg,image/png,image/gif", "image/"), "ok");
  EXPECT_EQ(with("image/jpg, image/png", "image/"), "ok");
  EXPECT_EQ(with("image/jpg,text/html", ""), "ok");
  for (const char* type : {"image/jpg,text/html", "text/html,image/jpg", "image/jpg,",
                           "image/jpg,text/html,image/png", "text/html"}) {
    EXPECT_EQ(with(type, "image/"),
              std::string(kFailed) + R"(["starts-with","$Content-Type","image/"])")
        << type;
  }
}

TEST(FormPolicyTest, TheEscapesOfS3AreRead) {
  const auto with = [](const std::string& key, const std::string& escaped) {
    return Checked(Policy(R"(["eq", "\$key", ")" + escaped + R"("])"), {{"key", key}});
  };
  EXPECT_EQ(with("a$b", R"(a\$b)"), "ok");
  EXPECT_EQ(with("a\vb", R"(a\vb)"), "ok");
  EXPECT_EQ(with(R"(a\$b)", R"(a\\$b)"), "ok") << "a backslash, and a dollar";
  EXPECT_EQ(with(R"(a\$b)", R"(a\\\$b)"), "ok");
  EXPECT_EQ(with(R"(a\vb)", R"(a\\vb)"), "ok");
  EXPECT_EQ(with("a\"\n\xC3\xA9", R"(a\"\n\u00e9)"), "ok");
  EXPECT_EQ(with("a", R"(\a)"), "InvalidPolicyDocument: Invalid Policy: Invalid JSON.");
}

TEST(FormPolicyTest, WhatCanNotHoldDoesNot) {
  const FormFields fields = {{"acl", "private"}};
  for (const char* condition :
       {R"(["eq","acl","private"])", R"(["starts-with","acl",""])",
        R"(["content-length-range","test","10"])", R"(["content-length-range",0,"10 MB"])"}) {
    EXPECT_EQ(Checked(Policy(condition), fields), std::string(kFailed) + condition);
  }
}

TEST(FormPolicyTest, EachFieldHasToBeInACondition) {
  const std::string policy = Policy(R"({"bucket": "b"}, ["starts-with", "$key", ""])");
  FormFields fields = {{"bucket", "b"},          {"key", "k"},       {"policy", "p"},
                       {"x-amz-signature", "s"}, {"signature", "s"}, {"awsaccesskeyid", "a"},
                       {"x-ignore-this", "x"}};
  EXPECT_EQ(Checked(policy, fields), "ok");
  for (const char* name : {"acl", "x-amz-meta-a", "x-amz-credential", "success_action_redirect"}) {
    FormFields more = fields;
    more[name] = "x";
    EXPECT_EQ(
        Checked(policy, more),
        std::string("AccessDenied: Invalid according to Policy: Extra input fields: ") + name);
  }
  EXPECT_EQ(Checked(Policy(R"(["starts-with", "$key", ""])"), fields),
            "AccessDenied: Invalid according to Policy: Extra input fields: bucket");
}

TEST(FormPolicyTest, APolicyExpires) {
  const FormFields none;
  EXPECT_EQ(Checked(Policy("", "2023-11-14T22:13:20Z"), none), "ok");
  EXPECT_EQ(Checked(Policy("", "2023-11-14T22:13:19Z"), none),
            "AccessDenied: Invalid according to Policy: Policy expired.");
}

TEST(FormPolicyTest, TheRangeOfTheLengthIsTold) {
  const auto range = CheckFormPolicy(Policy(R"(["content-length-range", 10, "20"])"), {}, kNow);
  EXPECT_EQ(range.least, 10U);
  EXPECT_EQ(range.most, 20U);
  const auto both = CheckFormPolicy(
      Policy(R"(["content-length-range", 1, 20], ["content-length-range", 5, 30])"), {}, kNow);
  EXPECT_EQ(both.least, 5U);
  EXPECT_EQ(both.most, 20U);
}

TEST(FormPolicyTest, WhatIsNoPolicyIsInvalid) {
  for (const std::string& policy :
       {std::string("%"), Base64("no json"), Base64("[]"), Base64("{}"),
        Base64(R"({"expiration": "2099-01-01T00:00:00Z"})"),
        Base64(R"({"expiration": "2099-01-01T00:00:00Z", "conditions": {}})"),
        Policy("", "tomorrow"), Policy(R"("key")"), Policy(R"(["eq", "$key"])"),
        Policy(R"(["ends-with", "$key", "k"])"), Policy(R"({"key": 1})"),
        Policy(R"({"key": "k", "acl": "private"})"), Policy(R"(["content-length-range", -1, 2])"),
        Policy(R"(["content-length-range", 0, 1.5])")}) {
    EXPECT_EQ(Checked(policy, {{"key", "k"}}).substr(0, 21), "InvalidPolicyDocument") << policy;
  }
}

}  // namespace
}  // namespace mkv::s3
