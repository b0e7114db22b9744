#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

class AclTest : public S3GatewayTest {
 protected:
  void SetUp() override { StartS3(); }

  void MakeBucket(const std::string& name, const std::string& acl) {
    const HttpResponse made = S3(
        "alice", {.method = "PUT", .target = "/shared-" + name, .headers = {"x-amz-acl: " + acl}});
    ASSERT_EQ(made.status, 200) << made.body;
  }
  HttpResponse Put(const User& user, const std::string& target, const std::string& acl) {
    std::vector<std::string> headers;
    if (!acl.empty()) headers.push_back("x-amz-acl: " + acl);
    return S3(user,
              {.method = "PUT", .target = target, .headers = std::move(headers), .body = "value"});
  }
};

constexpr char kAllUsersRead[] =
    "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>"
    "<Permission>READ</Permission>";

TEST_F(AclTest, APublicObjectIsReadByAnybody) {
  MakeBucket("a", "private");
  ASSERT_EQ(Put("alice", "/shared-a/public", "public-read").status, 200);
  ASSERT_EQ(Put("alice", "/shared-a/private", "").status, 200);
  // As a browser or curl asks, with nothing that tells it to be S3, and as S3.
  for (const std::vector<std::string>& headers :
       {std::vector<std::string>{}, std::vector<std::string>{"x-amz-checksum-mode: ENABLED"}}) {
    const HttpResponse got = S3("", {.target = "/shared-a/public", .headers = headers});
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, "value");
    EXPECT_EQ(S3("", {.method = "HEAD", .target = "/shared-a/public", .headers = headers}).status,
              200);
    EXPECT_EQ(S3("reader", {.target = "/shared-a/public", .headers = headers}).status, 200);
  }
  EXPECT_EQ(S3("", {.target = "/shared-a/public?v=1"}).body, "value");
  // Native, without credentials: 401. S3, without rights: AccessDenied, and whether there is such
  // a key is not told.
  EXPECT_EQ(S3("", {.target = "/shared-a/private"}).status, 401);
  EXPECT_EQ(S3("", {.target = "/shared-a/absent"}).status, 401);
  EXPECT_EQ(Code(S3("", {.target = "/shared-a/private?x-id=GetObject"})), "AccessDenied");
  EXPECT_EQ(Code(S3("", {.target = "/shared-a/absent?x-id=GetObject"})), "AccessDenied");
  EXPECT_EQ(Code(S3("reader", {.target = "/shared-a/private"})), "AccessDenied");
  // The right to read is no right to anything else.
  EXPECT_EQ(Code(S3("", {.target = "/shared-a/public?acl"})), "AccessDenied");
  EXPECT_EQ(Code(S3("", {.target = "/shared-a/public?tagging"})), "AccessDenied");
  EXPECT_EQ(Code(S3("", {.target = "/shared-a?list-type=2"})), "AccessDenied");
  EXPECT_EQ(S3("", {.method = "DELETE", .target = "/shared-a/public"}).status, 401);
  EXPECT_EQ(S3("", {.method = "PUT", .target = "/shared-a/public", .body = "x"}).status, 401);
  EXPECT_EQ(S3("", {.method = "UNLINK", .target = "/shared-a/public"}).status, 401);
  EXPECT_EQ(S3("", {.method = "REBALANCE", .target = "/shared-a/public"}).status, 401);
  EXPECT_EQ(S3("", {.target = "/shared-a/?list"}).status, 401);
  // Wrong credentials are no better than none.
  EXPECT_EQ(S3("nobody", {.target = "/shared-a/public"}).status, 403);
}

TEST_F(AclTest, AnOverwriteTakesThePublicAway) {
  MakeBucket("a", "private");
  ASSERT_EQ(Put("alice", "/shared-a/k", "public-read").status, 200);
  ASSERT_EQ(Put("alice", "/shared-a/k", "").status, 200);
  EXPECT_EQ(S3("", {.target = "/shared-a/k"}).status, 401);
}

TEST_F(AclTest, APublicBucketIsListedAndItsObjectsStayPrivate) {
  MakeBucket("a", "public-read");
  ASSERT_EQ(Put("alice", "/shared-a/k", "").status, 200);
  for (const char* target :
       {"/shared-a?list-type=2", "/shared-a", "/shared-a/", "/shared-a?versions"}) {
    const HttpResponse listed = S3("", {.target = target});
    EXPECT_EQ(listed.status, std::string_view(target).ends_with("versions") ? listed.status : 200)
        << target;
  }
  EXPECT_EQ(Element(S3("", {.target = "/shared-a/"}).body, "Key"), "k");
  EXPECT_EQ(S3("", {.method = "HEAD", .target = "/shared-a"}).status, 200);
  EXPECT_EQ(S3("", {.target = "/shared-a/k"}).status, 401);
  EXPECT_EQ(Code(S3("", {.target = "/shared-a/absent?x-id=GetObject"})), "NoSuchKey");
  EXPECT_EQ(S3("", {.method = "PUT", .target = "/shared-a/new", .body = "x"}).status, 401);
}

TEST_F(AclTest, APublicReadWriteBucketIsWrittenByAnybody) {
  MakeBucket("a", "public-read-write");
  EXPECT_EQ(S3("", {.method = "PUT", .target = "/shared-a/k", .body = "anybody's"}).status, 200);
  EXPECT_EQ(S3("alice", {.target = "/shared-a/k"}).body, "anybody's");
  EXPECT_EQ(Element(S3("alice", {.target = "/shared-a/k?acl"}).body, "ID"), "alice");
  EXPECT_EQ(Code(S3("reader", {.method = "PUT", .target = "/shared-a/k", .body = "x"})),
            "AccessDenied");
  EXPECT_EQ(S3("", {.method = "DELETE", .target = "/shared-a/k"}).status, 204);
  EXPECT_EQ(S3("alice", {.target = "/shared-a/k"}).status, 404);
  EXPECT_EQ(
      Code(S3("", {.method = "PUT", .target = "/shared-a?acl", .headers = {"x-amz-acl: private"}})),
      "AccessDenied");
}

TEST_F(AclTest, AListingNamesTheOwnerOfEachObject) {
  MakeBucket("a", "public-read-write");
  EXPECT_EQ(S3("alice", {.method = "PUT", .target = "/shared-a/1", .body = "x"}).status, 200);
  EXPECT_EQ(S3("bob", {.method = "PUT", .target = "/shared-a/2", .body = "x"}).status, 200);
  EXPECT_EQ(S3("", {.method = "PUT", .target = "/shared-a/3", .body = "x"}).status, 200);
  for (const char* query : {"list-type=2&fetch-owner=true", "prefix=", "versions"}) {
    const std::string body = S3("alice", {.target = std::string("/shared-a?") + query}).body;
    EXPECT_EQ(Elements(body, "ID"), (std::vector<std::string>{"alice", "bob", "alice"})) << body;
  }
  EXPECT_EQ(Element(S3("alice", {.target = "/shared-a/2?acl"}).body, "ID"), "bob");
  EXPECT_EQ(S3("alice", {.target = "/shared-a?list-type=2"}).body.find("<Owner>"),
            std::string::npos);
}

// What rclone without keys asks before it uploads: to whoever may not list the bucket, nothing
// tells whether there is such a key.
TEST_F(AclTest, ThatThereIsNoSuchKeyIsToldToWhoeverMayListTheBucket) {
  for (const char* acl : {"public-read", "public-read-write"}) {
    MakeBucket(acl, acl);
    const std::string bucket = std::string("/shared-") + acl;
    const HttpResponse got = S3("", {.target = bucket + "/absent"});
    EXPECT_EQ(got.status, 404) << acl;
    EXPECT_EQ(Code(got), "NoSuchKey") << acl;
    const HttpResponse head = S3("", {.method = "HEAD", .target = bucket + "/absent"});
    EXPECT_EQ(head.status, 404) << acl;
    EXPECT_FALSE(head.HasHeader("WWW-Authenticate")) << acl;

    ASSERT_EQ(Put("alice", bucket + "/k", "").status, 200);
    EXPECT_EQ(S3("", {.target = bucket + "/k"}).status, 401) << acl;
    ASSERT_EQ(S3("", {.method = "UNLINK",
                      .target = bucket + "/k",
                      .headers = {"Authorization: Basic " + s3::Base64("admin:admin-secret")}})
                  .status,
              204);
    EXPECT_EQ(Code(S3("", {.target = bucket + "/k"})), "NoSuchKey") << acl << ", unlinked";
  }
  for (const char* acl : {"private", "authenticated-read"}) {
    MakeBucket(acl, acl);
    const HttpResponse got = S3("", {.target = std::string("/shared-") + acl + "/absent"});
    EXPECT_EQ(got.status, 401) << acl;
    EXPECT_TRUE(got.HasHeader("WWW-Authenticate")) << acl;
  }
  EXPECT_EQ(S3("", {.target = "/shared-none/absent"}).status, 401);
}

TEST_F(AclTest, AuthenticatedReadIsForThoseWithAKey) {
  MakeBucket("a", "authenticated-read");
  ASSERT_EQ(Put("alice", "/shared-a/k", "authenticated-read").status, 200);
  EXPECT_EQ(S3("reader", {.target = "/shared-a/k"}).body, "value");
  EXPECT_EQ(S3("reader", {.target = "/shared-a?list-type=2"}).status, 200);
  EXPECT_EQ(S3("", {.target = "/shared-a/k"}).status, 401);
  EXPECT_EQ(Code(S3("", {.target = "/shared-a?list-type=2"})), "AccessDenied");
}

TEST_F(AclTest, IsChangedByNameByGrantsAndByDocument) {
  MakeBucket("a", "private");
  ASSERT_EQ(Put("alice", "/shared-a/k", "").status, 200);
  const auto acl = [this] { return S3("alice", {.target = "/shared-a/k?acl"}).body; };
  const auto set = [this](std::vector<std::string> headers, std::optional<std::string> body = {}) {
    const HttpResponse response = S3("alice", {.method = "PUT",
                                               .target = "/shared-a/k?acl",
                                               .headers = std::move(headers),
                                               .body = std::move(body)});
    return response.status == 200 ? std::string("200") : Code(response);
  };
  EXPECT_EQ(acl().find("AllUsers"), std::string::npos);
  EXPECT_EQ(set({"x-amz-acl: public-read"}), "200");
  const std::string document = acl();
  EXPECT_NE(document.find(kAllUsersRead), std::string::npos) << document;
  EXPECT_EQ(set({"x-amz-acl: private"}), "200");
  EXPECT_EQ(S3("", {.target = "/shared-a/k"}).status, 401);
  EXPECT_EQ(set({}, document), "200");  // what was told can be set
  EXPECT_EQ(S3("", {.target = "/shared-a/k"}).body, "value");
  EXPECT_EQ(set({"x-amz-grant-read: uri=\"http://acs.amazonaws.com/groups/global/"
                 "AuthenticatedUsers\"",
                 "x-amz-grant-full-control: id=alice"}),
            "200");
  EXPECT_EQ(S3("reader", {.target = "/shared-a/k"}).body, "value");
  EXPECT_EQ(set({}), "MissingSecurityHeader");
  EXPECT_EQ(set({"x-amz-acl: public"}), "InvalidArgument");
  EXPECT_EQ(set({"x-amz-acl: public-read"}, document), "UnexpectedContent");
  EXPECT_EQ(set({"x-amz-grant-read: id=bob"}), "NotImplemented");
  EXPECT_EQ(set({}, "<AccessControlPolicy/>"), "MalformedACLError");
}

TEST_F(AclTest, IsChangedByWhoWroteTheObjectOrOwnsTheBucket) {
  MakeBucket("a", "private");
  ASSERT_EQ(Put("alice", "/shared-a/alices", "").status, 200);
  ASSERT_EQ(Put("bob", "/shared-a/bobs", "").status, 200);
  const auto open = [this](const User& user, const std::string& key) {
    return S3(user, {.method = "PUT",
                     .target = "/shared-a/" + key + "?acl",
                     .headers = {"x-amz-acl: public-read"}})
        .status;
  };
  EXPECT_EQ(open("bob", "alices"), 403);
  EXPECT_EQ(open("bob", "bobs"), 200);
  EXPECT_EQ(open("alice", "bobs"), 200);
  EXPECT_EQ(open("reader", "bobs"), 403);
}

TEST_F(AclTest, ACopyNeedsTheRightToReadItsSourceAndDoesNotTakeItsAclAlong) {
  MakeBucket("a", "private");
  ASSERT_EQ(S3("bob", {.method = "PUT", .target = "/bobs"}).status, 403);
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/admins"}).status, 200);
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/admins/secret", .body = "s"}).status, 200);
  ASSERT_EQ(Put("admin", "/admins/public", "public-read").status, 200);
  const auto copy = [this](const std::string& from) {
    return S3("alice", {.method = "PUT",
                        .target = "/shared-a/copy",
                        .headers = {"x-amz-copy-source: /admins/" + from}})
        .status;
  };
  EXPECT_EQ(copy("secret"), 403);
  EXPECT_EQ(copy("absent"), 403);
  EXPECT_EQ(copy("public"), 200);
  EXPECT_EQ(S3("", {.target = "/shared-a/copy"}).status, 401);
}

TEST_F(AclTest, SurvivesARebuildAndDoesNotNeedTheNativeApi) {
  MakeBucket("a", "public-read");
  ASSERT_EQ(Put("alice", "/shared-a/k", "public-read").status, 200);
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  std::filesystem::remove_all(cluster().gateway().options().index);
  ASSERT_EQ(cluster().gateway().RunCommand({"rebuild"}), 0) << cluster().gateway().Log();
  cluster().gateway().Start();
  EXPECT_EQ(S3("", {.target = "/shared-a/k"}).body, "value");
  // The settings of the bucket are not in the cache yet.
  EXPECT_EQ(Element(S3("", {.target = "/shared-a/"}).body, "Key"), "k");
  EXPECT_EQ(S3("bob", {.method = "DELETE", .target = "/shared-a"}).status, 403);
}

// The first request after a start, before the settings of the bucket were read.
TEST_F(AclTest, APrivateBucketIsRefusedTheSameWayBeforeAndAfterItsSettingsAreKnown) {
  MakeBucket("a", "private");
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  cluster().gateway().Start();
  EXPECT_EQ(S3("", {.target = "/shared-a/"}).status, 401);
  EXPECT_EQ(S3("", {.target = "/shared-a/"}).status, 401);
}

TEST_F(AclTest, AnAbsentKeyIsAnsweredTheSameWayBeforeAndAfterTheSettingsAreKnown) {
  MakeBucket("private", "private");
  MakeBucket("listed", "public-read");
  MakeBucket("written", "public-read-write");
  ASSERT_EQ(Put("alice", "/shared-listed/k", "").status, 200);
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  cluster().gateway().Start();
  EXPECT_EQ(S3("", {.target = "/shared-listed/k"}).status, 401);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(S3("", {.target = "/shared-private/absent"}).status, 401) << i;
    EXPECT_EQ(Code(S3("", {.target = "/shared-listed/absent"})), "NoSuchKey") << i;
    EXPECT_EQ(S3("", {.method = "HEAD", .target = "/shared-written/absent"}).status, 404) << i;
  }
}

// A 503 for the absent ones alone would tell which keys there are.
TEST_F(AclTest, AbsentAndPrivateKeysAreRefusedAlikeWhereTheSettingsCanNotBeRead) {
  MakeBucket("a", "private");
  ASSERT_EQ(Put("alice", "/shared-a/k", "").status, 200);
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  cluster().gateway().Start();
  for (std::size_t i = 0; i < cluster().volume_count(); ++i) cluster().volume(i).Kill();
  EXPECT_EQ(S3("", {.target = "/shared-a/k"}).status, 401);
  EXPECT_EQ(S3("", {.target = "/shared-a/absent"}).status, 401);
}

}  // namespace
}  // namespace mkv::testing
