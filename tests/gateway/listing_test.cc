// `?list` and `?unlinked` of the running gateway; what they list in detail is tested over the index
// alone (tests/native).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/gateway_test.h"

namespace mkv::testing {
namespace {

class Listings : public GatewayTest {
 protected:
  void SetUp() override {
    Start();
    for (const char* key : {"/b/1", "/a/2", "/a/1", "/c", "/<&>\xff"}) {
      ASSERT_EQ(cluster().Put(key, "value").status, 201);
    }
    ASSERT_EQ(cluster().Unlink("/c").status, 204);
  }
};

TEST_F(Listings, AreTheOriginalsText) {
  const HttpResponse list = Do("GET", "/?list");
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(list.Header("Content-Type"), "application/json");
  EXPECT_EQ(list.body, R"({"next":"","keys":["/\u003c\u0026\u003e\ufffd","/a/1","/a/2","/b/1"]})");
  EXPECT_EQ(Do("GET", "/?unlinked").body, R"({"next":"","keys":["/c"]})");
  EXPECT_EQ(Do("GET", "/none?list").body, R"({"next":"","keys":[]})");
}

TEST_F(Listings, HaveAPrefixAStartAndALimit) {
  EXPECT_EQ(Do("GET", "/a?list").body, R"({"next":"","keys":["/a/1","/a/2"]})");
  EXPECT_EQ(Do("GET", "/?list&start=/a/2&limit=1").body, R"({"next":"/b/1","keys":["/a/2"]})");
  EXPECT_EQ(Do("GET", "/a?list&start=%2Fa%2F2").body, R"({"next":"","keys":["/a/2"]})");
  EXPECT_EQ(Do("GET", "/a?list&start=/").body, R"({"next":"","keys":["/a/1","/a/2"]})")
      << "never outside the prefix";
}

TEST_F(Listings, WithABadLimitAreBadRequests) {
  EXPECT_EQ(Do("GET", "/?list&limit=many").status, 400);
  EXPECT_EQ(Do("GET", "/?unlinked&limit=1.5").status, 400);
}

}  // namespace
}  // namespace mkv::testing
