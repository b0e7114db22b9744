#include "mkvcore/format/blob_path.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>

#include "mkvcore/format/base64.h"
#include "mkvcore/format/record.h"
#include "tests/support/original_store.h"

namespace mkv {
namespace {

constexpr Generation kSome = 0x0123456789abcdef;

// What nginx (merge_slashes) makes of a path.
std::string Merged(const std::string& path) {
  std::string merged;
  for (char c : path) {
    if (c != '/' || !merged.ends_with('/')) merged.push_back(c);
  }
  return merged;
}

// A file with this path can be put on a volume, and comes back from a listing as it is.
void ExpectStorable(const std::string& path) {
  EXPECT_EQ(path, Merged(path));
  EXPECT_NE(path.back(), '/');
  for (const auto& name : std::filesystem::path(path.substr(1))) {
    EXPECT_LE(name.string().size(), 255u) << path;
  }
}

void ExpectParsesBack(const std::string& path, const std::string& key, Generation generation,
                      bool sidecar) {
  ExpectStorable(path);
  const std::optional<ParsedBlobPath> parsed = ParseBlobPath(path);
  ASSERT_TRUE(parsed) << path;
  EXPECT_EQ(parsed->key, key) << path;
  EXPECT_EQ(parsed->generation, generation) << path;
  EXPECT_EQ(parsed->sidecar, sidecar) << path;
  EXPECT_FALSE(parsed->original_spelling) << path;
}

void ExpectEveryNameParsesBack(const std::string& key) {
  for (Generation generation : {kPlain, Generation{1}, kSome, ~Generation{0}}) {
    ExpectParsesBack(BlobPath(key, generation), key, generation, false);
    ExpectParsesBack(SidecarPath(key, generation), key, generation, true);
  }
}

std::string RandomKey(std::mt19937& random, std::size_t length, int kind) {
  std::string key;
  for (std::size_t i = 0; i < length; ++i) {
    switch (kind) {
      case 0:  // any bytes
        key.push_back(static_cast<char>(random()));
        break;
      case 1:  // base64 full of slashes
        key.push_back(random() % 4 != 0 ? '\xff' : static_cast<char>(random()));
        break;
      case 2:  // one slash run after the other
        key.push_back('\xff');
        break;
      default:
        key.push_back(static_cast<char>('a' + random() % 26));
    }
  }
  return key;
}

TEST(BlobPathTest, NamesTheOriginalsExamples) {
  EXPECT_EQ(BlobPath("hello", kPlain), "/5d/41/aGVsbG8=");
  EXPECT_EQ(BlobPath("helloworld", kPlain), "/fc/5e/aGVsbG93b3JsZA==");
  EXPECT_EQ(OriginalBlobPath("hello"), "/5d/41/aGVsbG8=");
}

TEST(BlobPathTest, NamesEveryFileOfTheOriginalsStores) {
  for (const std::string& name : testing::OriginalStore::Names()) {
    const testing::OriginalStore store(name);
    for (const auto& [key, bytes] : store.records()) {
      const std::string path = BlobPath(key, kPlain);
      EXPECT_EQ(path, OriginalBlobPath(key));
      ExpectParsesBack(path, key, kPlain, false);
      const std::optional<Record> record = Record::Decode(bytes);
      ASSERT_TRUE(record);
      for (const std::string& volume : record->volumes) {
        EXPECT_TRUE(std::filesystem::is_regular_file(store.FolderOf(volume).string() + path))
            << key;
      }
    }
  }
}

TEST(BlobPathTest, AppendsGenerationAndSidecarSuffix) {
  EXPECT_EQ(BlobPath("hello", kSome), "/5d/41/aGVsbG8=.0123456789abcdef");
  EXPECT_EQ(BlobPath("hello", 1), "/5d/41/aGVsbG8=.0000000000000001");
  EXPECT_EQ(SidecarPath("hello", kPlain), "/5d/41/aGVsbG8=.meta");
  EXPECT_EQ(SidecarPath("hello", kSome), "/5d/41/aGVsbG8=.0123456789abcdef.meta");
}

TEST(BlobPathTest, WritesEmptySegmentsAsTilde) {
  // Base64 "Lz//", "L////w==" and "L2E/".
  EXPECT_EQ(OriginalBlobPath("/?\xff").substr(7), "Lz//");
  EXPECT_EQ(BlobPath("/?\xff", kPlain).substr(7), "Lz/~/~");
  EXPECT_EQ(BlobPath("/?\xff", kSome).substr(7), "Lz/~/~.0123456789abcdef");
  EXPECT_EQ(OriginalBlobPath("/\xff\xff\xff").substr(7), "L////w==");
  EXPECT_EQ(BlobPath("/\xff\xff\xff", kPlain).substr(7), "L/~/~/~/w==");
  EXPECT_EQ(BlobPath("/a?", kPlain).substr(7), "L2E/~");
  EXPECT_EQ(SidecarPath("/a?", kPlain).substr(7), "L2E/~.meta");
  EXPECT_EQ(BlobPath("\xff\xff\xff", kPlain).substr(7), "~/~/~/~/~");
}

TEST(BlobPathTest, CutsOnlyASegmentThatWouldExceed255BytesWithItsSuffix) {
  const std::string key = "/" + std::string(188, 'a');  // base64 of 252
  const std::string encoded = Base64Encode(key);
  ASSERT_EQ(encoded.size(), 252u);
  EXPECT_EQ(BlobPath(key, kPlain).substr(7), encoded);
  EXPECT_EQ(BlobPath(key, kSome).substr(7),
            encoded.substr(0, 240) + "~/" + encoded.substr(240) + ".0123456789abcdef");
  EXPECT_EQ(SidecarPath(key, kPlain).substr(7),
            encoded.substr(0, 240) + "~/" + encoded.substr(240) + ".meta");

  const std::string longer = "/" + std::string(191, 'a');  // base64 of 256
  const std::string longer_encoded = Base64Encode(longer);
  EXPECT_EQ(BlobPath(longer, kPlain).substr(7),
            longer_encoded.substr(0, 240) + "~/" + longer_encoded.substr(240));
}

TEST(BlobPathTest, KeepsALastPieceWithItsSuffixWithin255Bytes) {
  const std::string key = "/" + std::string(179, 'a');  // base64 of 240
  const std::string encoded = Base64Encode(key);
  EXPECT_EQ(BlobPath(key, kPlain).substr(7), encoded);
  EXPECT_EQ(BlobPath(key, kSome).substr(7),
            encoded.substr(0, 239) + "~/" + encoded.substr(239) + ".0123456789abcdef");
}

TEST(BlobPathTest, ParsesBackKeysOfEveryLength) {
  std::mt19937 random(1);
  for (std::size_t length = 0; length <= 1024; ++length) {
    ExpectEveryNameParsesBack(RandomKey(random, length, 3));
  }
}

TEST(BlobPathTest, ParsesBackRandomKeys) {
  std::mt19937 random(2);
  for (int i = 0; i < 4000; ++i) {
    const std::size_t length = i % 4 == 0 ? random() % 1025 : random() % 12;
    ExpectEveryNameParsesBack(RandomKey(random, length, i % 3));
  }
}

TEST(BlobPathTest, DistinctNamesNeverMeet) {
  std::map<std::string, std::string> owners;
  for (int first = 0; first < 256; ++first) {
    for (const std::string& key :
         {std::string(1, static_cast<char>(first)), std::string("/") + static_cast<char>(first),
          std::string("\xff\xff") + static_cast<char>(first)}) {
      for (Generation generation : {kPlain, kSome}) {
        for (const std::string& path : {BlobPath(key, generation), SidecarPath(key, generation)}) {
          const std::string owner = key + (generation == kPlain ? " plain" : " some") +
                                    (path == BlobPath(key, generation) ? "" : " sidecar");
          EXPECT_EQ(owners.emplace(path, owner).first->second, owner);
        }
      }
    }
  }
}

void ExpectFoundInOriginalSpelling(const std::string& key) {
  const std::string path = OriginalBlobPath(key);
  ASSERT_NE(path, Merged(path));
  const std::optional<ParsedBlobPath> parsed = ParseBlobPath(Merged(path));
  ASSERT_TRUE(parsed) << path;
  EXPECT_EQ(parsed->key, key) << path;
  EXPECT_EQ(parsed->generation, kPlain) << path;
  EXPECT_FALSE(parsed->sidecar) << path;
  EXPECT_TRUE(parsed->original_spelling) << path;
}

TEST(BlobPathTest, RecognisesTheOriginalsSpellingAfterNginxMergedItsSlashes) {
  ExpectFoundInOriginalSpelling("/\xff\xff\xff");
  ExpectFoundInOriginalSpelling("/\xff\xff\xff\xff\xff\xff?z");
  std::mt19937 random(3);
  int merged_names = 0;
  for (int i = 0; i < 2000; ++i) {
    // Base64 with `//` in one or two places, long runs among them.
    std::string key = "/" + RandomKey(random, 1 + random() % 60, 3);
    for (int run = 0; run < 2; ++run) {
      key.insert(1 + random() % (key.size() - 1), std::string(random() % 8, '\xff'));
    }
    const std::string path = OriginalBlobPath(key);
    if (Merged(path) == path || path.ends_with('/')) continue;
    ++merged_names;
    ExpectFoundInOriginalSpelling(key);
  }
  EXPECT_GT(merged_names, 1000);
}

TEST(BlobPathTest, TakesForeignFilesForForeign) {
  for (const char* path : {"",
                           "/",
                           "/5d",
                           "/5d/41",
                           "/5d/41/",
                           "5d/41/aGVsbG8=",
                           "/index.html",
                           "/5D/41/aGVsbG8=",
                           "/5d/41/aGVsbG8",
                           "/5d/41/aGVsbG9=",
                           "/5d/42/aGVsbG8=",
                           "/5d/41/aGVsbG8=.tmp",
                           "/5d/41/aGVsbG8=.0000000000000000",
                           "/5d/41/aGVsbG8=.0123456789ABCDEF",
                           "/5d/41/aGVsbG8=.0123456789abcde",
                           "/5d/41/aGVsbG8=.0123456789abcdef0",
                           "/5d/41/aGVsbG8=.meta.meta",
                           "/5d/41/aGVsbG8=.metal",
                           "/5d/41/aGVsbG8=.",
                           "/5d/41/.meta",
                           "/5d/41/aGVs~/bG8=",
                           "/5d/41/aGVsbG8=/~",
                           "/5d/41/~/aGVsbG8=",
                           "/5d/41/aGVsbG8=~",
                           "/5d/41//aGVsbG8=",
                           "/5d/41/aGVsbG8=/",
                           "/5d/41/README.md",
                           "/body_temp/0000000001",
                           "/tmp/x",
                           "/nginx.pid",
                           "/5d/41/a b",
                           "/5d/41/lost+found",
                           "/sv00/5d/41/aGVsbG8=",
                           "/5d/41/L2hl/L2hl/L2hl/L2hl/L2hl/L2hl/L2hl"}) {
    EXPECT_FALSE(ParseBlobPath(path)) << path;
  }
  EXPECT_FALSE(ParseBlobPath(std::string("/5d/41/aGVsbG8=\0", 16)));
}

TEST(BlobPathTest, ParsesNothingThatItWouldNotWrite) {
  // Every single-byte change of a valid name is either foreign or the exact name of another key.
  const std::string original = BlobPath("/\xff\xff\xffkey", kSome);
  for (std::size_t i = 0; i < original.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string path = original;
      path[i] = static_cast<char>(c);
      const std::optional<ParsedBlobPath> parsed = ParseBlobPath(path);
      if (!parsed) continue;
      EXPECT_FALSE(parsed->original_spelling);
      EXPECT_EQ(parsed->sidecar ? SidecarPath(parsed->key, parsed->generation)
                                : BlobPath(parsed->key, parsed->generation),
                path);
    }
  }
}

}  // namespace
}  // namespace mkv
