#include "s3api/protocol/acl.h"

#include <gtest/gtest.h>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

constexpr Acl kAll[] = {Acl::kPrivate, Acl::kPublicRead, Acl::kPublicReadWrite,
                        Acl::kAuthenticatedRead};

http::RequestHead With(const std::vector<std::pair<std::string, std::string>>& headers) {
  http::RequestHead head;
  for (const auto& [name, value] : headers) head.headers.add(name, value);
  return head;
}

std::string AclProblem(const std::vector<std::pair<std::string, std::string>>& headers) {
  try {
    AclOfHeaders(With(headers), "alice");
  } catch (const S3Error& error) {
    return error.code();
  }
  return "ok";
}

std::string CodeOfDocument(const std::string& body) {
  try {
    ParseAccessControlPolicy(body, "alice");
  } catch (const S3Error& error) {
    return error.code();
  }
  return "ok";
}

TEST(AclTest, EachOfTheFourComesBackByNameAndByDocument) {
  for (const Acl acl : kAll) {
    EXPECT_EQ(AclNamed(NameOf(acl)), acl);
    EXPECT_EQ(AclOfHeaders(With({{"x-amz-acl", std::string(NameOf(acl))}}), "alice"), acl);
    const std::string document = AccessControlPolicyDocument(acl, {"alice", "alice"}).Text();
    EXPECT_EQ(ParseAccessControlPolicy(document, "alice"), acl) << document;
  }
  EXPECT_EQ(AclNamed("of a newer program"), Acl::kPrivate);
  EXPECT_EQ(AclOfHeaders(With({}), "alice"), std::nullopt);
}

TEST(AclTest, WhatEachGives) {
  EXPECT_FALSE(GrantsRead(Acl::kPrivate, true));
  EXPECT_TRUE(GrantsRead(Acl::kPublicRead, false));
  EXPECT_TRUE(GrantsRead(Acl::kPublicReadWrite, false));
  EXPECT_FALSE(GrantsRead(Acl::kAuthenticatedRead, false));
  EXPECT_TRUE(GrantsRead(Acl::kAuthenticatedRead, true));
  for (const Acl acl : kAll) EXPECT_EQ(GrantsWrite(acl), acl == Acl::kPublicReadWrite);
}

TEST(AclTest, GrantsInHeadersAreWhatTheyAmountTo) {
  const std::string everyone = "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"";
  EXPECT_EQ(AclOfHeaders(With({{"x-amz-grant-read", everyone}}), "alice"), Acl::kPublicRead);
  EXPECT_EQ(AclOfHeaders(With({{"x-amz-grant-read", "id=alice, " + everyone},
                               {"x-amz-grant-write", everyone}}),
                         "alice"),
            Acl::kPublicReadWrite);
  EXPECT_EQ(AclOfHeaders(With({{"x-amz-grant-full-control", "id=\"alice\""}}), "alice"),
            Acl::kPrivate);
  EXPECT_EQ(AclProblem({{"x-amz-grant-write", everyone}}), "NotImplemented");
  EXPECT_EQ(AclProblem({{"x-amz-grant-full-control", everyone}}), "NotImplemented");
  EXPECT_EQ(AclProblem({{"x-amz-grant-read", "id=bob"}}), "NotImplemented");
  EXPECT_EQ(AclProblem({{"x-amz-grant-read", "emailAddress=a@b"}}),
            "UnresolvableGrantByEmailAddress");
  EXPECT_EQ(AclProblem({{"x-amz-grant-read", "uri=http://elsewhere"}}), "InvalidArgument");
  EXPECT_EQ(AclProblem({{"x-amz-grant-read", "alice"}}), "InvalidArgument");
  EXPECT_EQ(AclProblem({{"x-amz-grant-read", "id=alice"}, {"x-amz-acl", "private"}}),
            "InvalidRequest");
}

TEST(AclTest, NamesThatMeanTheOwnerArePrivate) {
  EXPECT_EQ(AclOfHeaders(With({{"x-amz-acl", "bucket-owner-full-control"}}), ""), Acl::kPrivate);
  EXPECT_EQ(AclOfHeaders(With({{"x-amz-acl", "bucket-owner-read"}}), ""), Acl::kPrivate);
  EXPECT_EQ(AclProblem({{"x-amz-acl", "log-delivery-write"}}), "NotImplemented");
  EXPECT_EQ(AclProblem({{"x-amz-acl", "public"}}), "InvalidArgument");
}

TEST(AclTest, DocumentsThatAreNoneAreRefused) {
  const auto grant = [](const std::string& grantee, const std::string& permission) {
    return CodeOfDocument(
        "<AccessControlPolicy><AccessControlList><Grant>"
        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" " +
        grantee + "</Grantee><Permission>" + permission +
        "</Permission></Grant></AccessControlList></AccessControlPolicy>");
  };
  EXPECT_EQ(grant("xsi:type=\"CanonicalUser\"><ID>alice</ID>", "READ"), "ok");
  EXPECT_EQ(grant("xsi:type=\"CanonicalUser\"><ID>alice</ID>", "OTHER"), "MalformedACLError");
  EXPECT_EQ(grant("xsi:type=\"CanonicalUser\"><ID>bob</ID>", "READ"), "NotImplemented");
  EXPECT_EQ(grant("xsi:type=\"Other\"><ID>alice</ID>", "READ"), "MalformedACLError");
  EXPECT_EQ(grant("><ID>alice</ID>", "READ"), "MalformedACLError");
  EXPECT_EQ(CodeOfDocument("<AccessControlPolicy/>"), "MalformedACLError");
  EXPECT_EQ(CodeOfDocument("<Other/>"), "MalformedACLError");
  EXPECT_EQ(CodeOfDocument("no xml"), "MalformedACLError");
}

}  // namespace
}  // namespace mkv::s3
