#include "s3api/multipart/completions.h"

#include <gtest/gtest.h>

namespace mkv::s3 {
namespace {

using namespace std::chrono_literals;

Completion Named(const std::string& etag) {
  Completion completion;
  completion.etag = etag;
  return completion;
}

TEST(Completions, AreKeptForAnHour) {
  Completions completions;
  const auto now = Completions::Clock::now();
  completions.Add("id", Named("etag"), now);
  EXPECT_EQ(completions.Find("id", now + 59min).value().etag, "etag");
  EXPECT_FALSE(completions.Find("id", now + 60min));
  EXPECT_FALSE(completions.Find("other", now));
}

TEST(Completions, AreBounded) {
  Completions completions;
  const auto now = Completions::Clock::now();
  for (std::size_t i = 0; i <= Completions::kMost; ++i) {
    completions.Add(std::to_string(i), Named("e"), now);
  }
  EXPECT_FALSE(completions.Find("0", now)) << "the first has made room for the last";
  EXPECT_TRUE(completions.Find("1", now));
  EXPECT_TRUE(completions.Find(std::to_string(Completions::kMost), now));
}

TEST(Completions, AreOfOneListOfParts) {
  const std::vector<CompletedPart> parts = {{1, "a", {}}, {2, "b", {}}};
  std::vector<CompletedPart> others = parts;
  EXPECT_EQ(RequestDigest(parts), RequestDigest(others));
  others[1].number = 3;
  EXPECT_NE(RequestDigest(parts), RequestDigest(others));
  others = parts;
  others[0].etag = "c";
  EXPECT_NE(RequestDigest(parts), RequestDigest(others));
  others = parts;
  others.pop_back();
  EXPECT_NE(RequestDigest(parts), RequestDigest(others));
}

}  // namespace
}  // namespace mkv::s3
