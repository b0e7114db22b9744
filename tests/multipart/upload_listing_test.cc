// Listings against a model that does what their header says, in the plainest way.
#include "s3api/multipart/upload_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "s3api/multipart/upload_registry.h"

namespace mkv::s3 {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class UploadListingTest : public ::testing::Test {
 protected:
  std::string Create(const std::string& key, const std::string& bucket = "bucket") {
    UploadTerms terms;
    terms.bucket = bucket;
    terms.key = key;
    uploads_.push_back(registry_.Create(std::move(terms)));
    return uploads_.back()->terms().id;
  }
  static std::vector<std::string> Keys(const UploadPage& page) {
    std::vector<std::string> keys;
    for (const auto& upload : page.uploads) keys.push_back(upload->terms().key);
    return keys;
  }
  UploadListRequest Request() {
    UploadListRequest request;
    request.bucket = "bucket";
    return request;
  }

  PartMemory memory_{64 << 20};
  UploadRegistry registry_{memory_, 24h};
  std::vector<std::shared_ptr<MultipartUpload>> uploads_;
};

TEST_F(UploadListingTest, ShowsKeysInOrderAndUploadsOfOneInOrderOfTheirCreation) {
  const std::string first = Create("b");
  Create("a");
  const std::string second = Create("b");
  Create("b", "bucket2");
  const UploadPage page = registry_.List(Request());
  EXPECT_THAT(Keys(page), ElementsAre("a", "b", "b"));
  EXPECT_EQ(page.uploads[1]->terms().id, first);
  EXPECT_EQ(page.uploads[2]->terms().id, second);
  EXPECT_FALSE(page.truncated);
}

TEST_F(UploadListingTest, GoesOnAfterTheMarkers) {
  const std::string first = Create("a");
  Create("a");
  Create("b");
  UploadListRequest request = Request();
  request.key_marker = "a";
  EXPECT_THAT(Keys(registry_.List(request)), ElementsAre("b")) << "no id: the key is done with";
  request.upload_id_marker = first;
  EXPECT_THAT(Keys(registry_.List(request)), ElementsAre("a", "b"));
  request.max_uploads = 0;
  EXPECT_THAT(Keys(registry_.List(request)), IsEmpty());
  EXPECT_FALSE(registry_.List(request).truncated);
}

// All names of the listing, a page at a time, by the rule of the header.
std::vector<std::string> Model(const std::vector<std::pair<std::string, std::string>>& uploads,
                               const UploadListRequest& request) {
  std::vector<std::string> names;
  std::set<std::string> prefixes;
  for (const auto& [key, id] : uploads) {
    if (!key.starts_with(request.prefix)) continue;
    const std::size_t found = request.delimiter.empty()
                                  ? std::string::npos
                                  : key.find(request.delimiter, request.prefix.size());
    if (found == std::string::npos) {
      names.push_back(key + "=" + id);
    } else if (prefixes.insert(key.substr(0, found + request.delimiter.size())).second) {
      names.push_back(key.substr(0, found + request.delimiter.size()));
    }
  }
  return names;
}

TEST_F(UploadListingTest, PagesOfAnySizeShowEverythingOnceInOrder) {
  std::mt19937 random(7);
  constexpr std::string_view kAlphabet = "ab/";
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < 200; ++i) {
    std::string key;
    for (unsigned n = 1 + random() % 5; n > 0; --n) key += kAlphabet[random() % 3];
    all.emplace_back(key, Create(key));
  }
  std::sort(all.begin(), all.end());
  for (const std::string prefix : {"", "a", "a/", "ab", "/", "zz"}) {
    for (const std::string delimiter : {"", "/", "b", "ba"}) {
      for (const int size : {1, 2, 7, 1000}) {
        UploadListRequest request = Request();
        request.prefix = prefix;
        request.delimiter = delimiter;
        request.max_uploads = size;
        std::vector<std::string> shown;
        UploadPage page;
        do {
          page = registry_.List(request);
          std::vector<std::string> names = page.common_prefixes;
          for (const auto& upload : page.uploads) {
            names.push_back(upload->terms().key + "=" + upload->terms().id);
          }
          EXPECT_LE(names.size(), static_cast<std::size_t>(size));
          std::sort(names.begin(), names.end());
          shown.insert(shown.end(), names.begin(), names.end());
          request.key_marker = page.next_key;
          request.upload_id_marker = page.next_id;
        } while (page.truncated);
        std::vector<std::string> expected = Model(all, request);
        std::sort(expected.begin(), expected.end());
        std::sort(shown.begin(), shown.end());
        EXPECT_EQ(shown, expected) << prefix << " " << delimiter << " " << size;
      }
    }
  }
}

}  // namespace
}  // namespace mkv::s3
