#include "mkvcore/volumes/listing_parser.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace mkv {
namespace {

TEST(ListingParser, ReadsFilesAndFolders) {
  const auto entries = ParseListing(R"([
{ "name":"41", "type":"directory", "mtime":"Wed, 12 Oct 2022 10:00:00 GMT" },
{ "name":"aGVsbG8=", "type":"file", "mtime":"Thu, 01 Jan 1970 00:00:01 GMT", "size":5368709120 }
])");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "41");
  EXPECT_TRUE(entries[0].is_directory);
  EXPECT_EQ(entries[0].mtime, 1665568800);
  EXPECT_EQ(entries[1].name, "aGVsbG8=");
  EXPECT_FALSE(entries[1].is_directory);
  EXPECT_EQ(entries[1].size, 5368709120u);
  EXPECT_EQ(entries[1].mtime, 1);
}

TEST(ListingParser, EmptyFolderHasNoEntries) { EXPECT_TRUE(ParseListing("[\n]\n").empty()); }

TEST(ListingParser, NamesAreBytes) {
  const auto entries = ParseListing(
      "[{\"name\":\"caf\xe9 \xff\x80\xc3\xa9 \\\"\\\\ \\n\\u0001\",\"type\":\"file\",\"size\":0}]");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, "caf\xe9 \xff\x80\xc3\xa9 \"\\ \n\x01");
}

TEST(ListingParser, EveryByteFrom128UpComesThrough) {
  std::string name;
  for (int byte = 128; byte < 256; ++byte) name += static_cast<char>(byte);
  const auto entries = ParseListing("[{\"name\":\"" + name + "\",\"type\":\"file\",\"size\":0}]");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, name);
}

TEST(ListingParser, WhatNginxWouldNotWriteIsRefused) {
  for (const char* json :
       {"", "[", "{}", "null", "1", "[1]", "[[]]", "[{}]", "[{\"name\":\"\"}]", "<html></html>",
        "[{\"name\":\"x\",\"type\":\"file\",\"size\":0}", "[{\"name\":\"x\",\"mtime\":\"soon\"}]",
        "[{\"name\":\"x\",\"size\":-1}]", "[{\"name\":{}}]", "[{\"name\":\"\\u20ac\"}]"}) {
    EXPECT_THROW(ParseListing(json), std::runtime_error) << json;
  }
}

TEST(ListingParser, MillionEntriesAreFine) {
  std::string json = "[";
  for (int i = 0; i < 1'000'000; ++i) {
    json += (i == 0 ? "\n" : ",\n");
    json += "{ \"name\":\"" + std::to_string(i) +
            "\", \"type\":\"file\", \"mtime\":\"Wed, 12 Oct 2022 10:00:00 GMT\", \"size\":1 }";
  }
  json += "\n]\n";
  const auto entries = ParseListing(json);
  ASSERT_EQ(entries.size(), 1'000'000u);
  EXPECT_EQ(entries.back().name, "999999");
}

}  // namespace
}  // namespace mkv
