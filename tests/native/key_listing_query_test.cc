#include <gtest/gtest.h>

#include <string_view>

#include "mkvcore/native/key_listing.h"

namespace mkv {
namespace {

TEST(KeyListingQuery, IsNamedByItsFirstToken) {
  EXPECT_EQ(ParseKeyListing("list").status, 200);
  EXPECT_FALSE(ParseKeyListing("list").query.unlinked);
  EXPECT_EQ(ParseKeyListing("unlinked").status, 200);
  EXPECT_TRUE(ParseKeyListing("unlinked").query.unlinked);
  for (const std::string_view other :
       {"list=", "list=1", "LIST", "lists", "limit=5&list", "&list", "%6cist", "unlinked=", "x"}) {
    EXPECT_EQ(ParseKeyListing(other).status, 403) << other;
  }
}

TEST(KeyListingQuery, HasAStart) {
  EXPECT_EQ(ParseKeyListing("list").query.start, "");
  EXPECT_EQ(ParseKeyListing("list&start=/b").query.start, "/b");
  EXPECT_EQ(ParseKeyListing("list&start=%2Fa+b%2Bc%FF").query.start, "/a b+c\xff");
  EXPECT_EQ(ParseKeyListing("list&start=/b&start=/c").query.start, "/b") << "the first one";
  EXPECT_EQ(ParseKeyListing("list&start=%zz").query.start, "") << "Go drops what it can not decode";
  EXPECT_EQ(ParseKeyListing("list&start").query.start, "");
}

TEST(KeyListingQuery, HasALimit) {
  EXPECT_EQ(ParseKeyListing("list").query.limit, 0);
  EXPECT_EQ(ParseKeyListing("list&limit=25").query.limit, 25);
  EXPECT_EQ(ParseKeyListing("list&limit=").query.limit, 0);
  EXPECT_EQ(ParseKeyListing("list&start=/a&limit=7").query.limit, 7);
  EXPECT_EQ(ParseKeyListing("list&limit=%2B7").query.limit, 7) << "as strconv.Atoi";
  EXPECT_LE(ParseKeyListing("list&limit=-3").query.limit, 0);
  EXPECT_EQ(ParseKeyListing("list&limit=-3").status, 200);
  for (const std::string_view bad : {"limit=x", "limit=5x", "limit=1.5", "limit=+", "limit=%2B-5",
                                     "limit=-", "limit=99999999999999999999", "limit= 5"}) {
    EXPECT_EQ(ParseKeyListing("list&" + std::string(bad)).status, 400) << bad;
  }
}

}  // namespace
}  // namespace mkv
