#include "s3api/protocol/list_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "s3api/protocol/keys.h"
#include "tests/support/temp_folder.h"

namespace mkv::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kHash = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kRecord = "HASH0123456789abcdef0123456789abcdefvolume:3001,volume:3002";

// The index below it, with a count of how its iterators move.
class CountingIndex : public Index {
 public:
  explicit CountingIndex(Index& index) : index_(index) {}

  struct Moves {
    int seeks = 0;
    int nexts = 0;
  };
  Moves moves() const { return moves_; }

  std::optional<std::string> Get(std::string_view key) const override {
    ADD_FAILURE() << "a listing looked up " << key;
    return index_.Get(key);
  }
  std::unique_ptr<Iterator> NewIterator() const override {
    return std::make_unique<CountingIterator>(index_.NewIterator(), moves_);
  }
  [[nodiscard]] std::optional<Stamp> Write(const Batch& batch, Durability durability) override {
    return index_.Write(batch, durability);
  }
  bool MayStall() const override { return index_.MayStall(); }
  void Sync() override { index_.Sync(); }

 private:
  class CountingIterator : public Iterator {
   public:
    CountingIterator(std::unique_ptr<Iterator> iterator, Moves& moves)
        : iterator_(std::move(iterator)), moves_(moves) {}
    bool Valid() const override { return iterator_->Valid(); }
    void Seek(std::string_view key) override {
      ++moves_.seeks;
      iterator_->Seek(key);
    }
    void Next() override {
      ++moves_.nexts;
      iterator_->Next();
    }
    std::string_view key() const override { return iterator_->key(); }
    std::string_view value() const override { return iterator_->value(); }
    void Check() const override { iterator_->Check(); }

   private:
    std::unique_ptr<Iterator> iterator_;
    Moves& moves_;
  };

  Index& index_;
  mutable Moves moves_;
};

format::ObjectMetadata MetadataOf(std::string_view record, std::uint64_t size) {
  format::ObjectMetadata metadata;
  metadata.set_record(std::string(record));
  metadata.set_size(size);
  metadata.set_mtime_us(1'255'369'830'123'456);
  metadata.set_md5(std::string(16, '\x5a'));
  return metadata;
}

class ListObjectsTest : public ::testing::Test {
 protected:
  void Put(std::string_view store_key, bool with_metadata = true) {
    batch_.Put(store_key, kRecord);
    if (with_metadata) {
      batch_.Put(MetadataKey(store_key), MetadataOf(kRecord, 7).SerializeAsString());
    }
  }
  void PutUnlinked(std::string_view store_key) {
    batch_.Put(store_key, "DELETED" + std::string(kRecord));
  }
  Index& Written() {
    EXPECT_TRUE(index_->Write(batch_, Index::Durability::kOrdered));
    batch_ = {};
    return *index_;
  }

  static ListRequest In(std::string bucket) {
    ListRequest request;
    request.bucket = std::move(bucket);
    return request;
  }
  static std::vector<std::string> KeysOf(const ListPage& page) {
    std::vector<std::string> keys;
    for (const ListEntry& entry : page.contents) keys.emplace_back(entry.key);
    return keys;
  }

  testing::TempFolder folder_;
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open((folder_.path() / "index").string());
  Batch batch_;
};

TEST_F(ListObjectsTest, KeysComeInOrderOfTheirBytes) {
  for (const char* key : {"/b/\xC3\xA9", "/b/z", "/b/a/b", "/b/Z", "/b/a", "/c/x", "/b", "/a/x"}) {
    Put(key);
  }
  const ListPage page = ListObjects(Written(), In("b"));
  EXPECT_THAT(KeysOf(page), ElementsAre("Z", "a", "a/b", "z", "\xC3\xA9"));
  EXPECT_FALSE(page.truncated);
}

TEST_F(ListObjectsTest, AnEntryHasWhatTheMetadataSays) {
  Put("/b/k");
  const ListPage page = ListObjects(Written(), In("b"));
  ASSERT_EQ(page.contents.size(), 1u);
  EXPECT_EQ(page.contents[0].size, 7u);
  EXPECT_EQ(page.contents[0].mtime_us, 1'255'369'830'123'456);
  EXPECT_EQ(page.contents[0].etag, "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a");
  EXPECT_FALSE(page.contents[0].needs_head);
}

TEST_F(ListObjectsTest, AKeyThatTheOriginalWroteNeedsAHead) {
  Put("/b/1-new");
  Put("/b/2-old", false);
  Put("/b/3-new");
  Put("/b/4-old-since", false);
  batch_.Put(MetadataKey("/b/4-old-since"), MetadataOf("another:3001", 9).SerializeAsString());
  Put("/b/5-new");
  const ListPage page = ListObjects(Written(), In("b"));
  std::vector<bool> needs_head;
  for (const ListEntry& entry : page.contents) needs_head.push_back(entry.needs_head);
  EXPECT_THAT(needs_head, ElementsAre(false, true, false, true, false));
  EXPECT_EQ(page.contents[1].etag, kHash);
  EXPECT_EQ(page.contents[4].size, 7u);
}

TEST_F(ListObjectsTest, UnlinkedReservedAndUnnameableKeysAreHidden) {
  Put("/b/shown");
  PutUnlinked("/b/unlinked");
  PutUnlinked("/b/folder/unlinked");
  Put("/b/\xFF");
  Put("/b/" + std::string(kMaxKeyBytes + 1, 'k'));
  Put("/b/");
  Put("/.mkv/bucket/b");
  Index& index = Written();
  ListRequest request = In("b");
  request.delimiter = "/";
  const ListPage page = ListObjects(index, request);
  EXPECT_THAT(KeysOf(page), ElementsAre("shown"));
  EXPECT_THAT(page.common_prefixes, IsEmpty());
  EXPECT_EQ(ListObjects(index, In(".mkv")).size(), 0u);
}

TEST_F(ListObjectsTest, AFolderWithOneLivingKeyIsACommonPrefix) {
  PutUnlinked("/b/f/1");
  PutUnlinked("/b/f/2");
  Put("/b/f/3");
  ListRequest request = In("b");
  request.delimiter = "/";
  EXPECT_THAT(ListObjects(Written(), request).common_prefixes, ElementsAre("f/"));
}

TEST_F(ListObjectsTest, NoKeysAskedForIsAWholePage) {
  Put("/b/k");
  ListRequest request = In("b");
  request.max_keys = 0;
  const ListPage page = ListObjects(Written(), request);
  EXPECT_EQ(page.size(), 0u);
  EXPECT_FALSE(page.truncated);
}

TEST_F(ListObjectsTest, AMarkerInsideACommonPrefixSkipsItWhole) {
  for (const char* key : {"/b/a/1", "/b/a/2", "/b/b"}) Put(key);
  Index& index = Written();
  ListRequest request = In("b");
  request.delimiter = "/";
  for (const char* marker : {"a/", "a/1", "a/zzz"}) {
    request.after = marker;
    const ListPage page = ListObjects(index, request);
    EXPECT_THAT(page.common_prefixes, IsEmpty()) << marker;
    EXPECT_THAT(KeysOf(page), ElementsAre("b"));
  }
  request.after = "a";
  EXPECT_THAT(ListObjects(index, request).common_prefixes, ElementsAre("a/"));
}

// What a listing is, in the fewest words.
struct Model {
  static ListPage List(const std::set<std::string>& keys, const ListRequest& request) {
    std::map<std::string, bool> names;  // to whether it is a common prefix
    for (const std::string& key : keys) {
      if (!key.starts_with(request.prefix)) continue;
      const std::size_t found = request.delimiter.empty()
                                    ? std::string::npos
                                    : key.find(request.delimiter, request.prefix.size());
      if (found == std::string::npos) {
        names[key] = false;
      } else {
        names[key.substr(0, found + request.delimiter.size())] = true;
      }
    }
    ListPage page;
    for (const auto& [name, is_prefix] : names) {
      if (name <= request.after || request.max_keys == 0) continue;
      if (page.size() == static_cast<std::size_t>(request.max_keys)) {
        page.truncated = true;
        break;
      }
      if (is_prefix) {
        page.common_prefixes.push_back(name);
      } else {
        page.contents.emplace_back().key = page.texts.Keep(name);
      }
      page.last = name;
    }
    return page;
  }
};

class RandomText {
 public:
  explicit RandomText(unsigned seed) : random_(seed) {}
  int Number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  // Few characters, so that names collide, nest and are prefixes of each other.
  std::string Text(int most_pieces) {
    static const std::vector<std::string> kPieces = {
        "a", "b", "/", "//", "-", "\x7F", "\x01", "\xC3\xBF", "/a", "\xF4\x8F\xBF\xBF"};
    std::string text;
    for (int i = Number(0, most_pieces); i > 0; --i) {
      text += kPieces[static_cast<std::size_t>(Number(0, static_cast<int>(kPieces.size()) - 1))];
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

class ListObjectsModelTest : public ListObjectsTest,
                             public ::testing::WithParamInterface<unsigned /*seed*/> {};

TEST_P(ListObjectsModelTest, EveryPageOfEveryListingIsThatOfTheModel) {
  RandomText random(GetParam());
  const std::string bucket = "bucket-" + std::string(1, static_cast<char>('a' + GetParam()));
  std::set<std::string> keys;
  for (int i = random.Number(0, 300); i > 0; --i) {
    const std::string key = random.Text(7);
    if (!IsKey(key) || keys.contains(key)) continue;
    if (random.Number(0, 9) == 0) {
      PutUnlinked(StoreKey(bucket, key));
    } else {
      Put(StoreKey(bucket, key), random.Number(0, 3) != 0);
      keys.insert(key);
    }
  }
  Put("/" + bucket + "0/neighbour");
  Index& index = Written();

  for (int i = 0; i < 300; ++i) {
    ListRequest request = In(bucket);
    request.prefix = random.Number(0, 1) == 0 ? "" : random.Text(2);
    request.delimiter = random.Number(0, 3) == 0 ? "" : random.Text(2);
    request.after = random.Number(0, 2) == 0 ? random.Text(4) : "";
    request.max_keys = random.Number(0, 3) == 0 ? 1000 : random.Number(0, 7);
    for (int pages = 0; pages < 400; ++pages) {
      const ListPage page = ListObjects(index, request);
      const ListPage expected = Model::List(keys, request);
      ASSERT_EQ(KeysOf(page), KeysOf(expected));
      ASSERT_EQ(page.common_prefixes, expected.common_prefixes);
      ASSERT_EQ(page.truncated, expected.truncated);
      ASSERT_EQ(page.last, expected.last);
      if (!page.truncated) break;
      request.after = page.last;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Random, ListObjectsModelTest, ::testing::Range(1U, 13U));

TEST_F(ListObjectsTest, FoldersAreSkippedBySeeking) {
  constexpr int kFolders = 10;
  constexpr int kKeys = 100'000;
  for (int i = 0; i < kKeys; ++i) {
    Put("/b/folder" + std::to_string(i % kFolders) + "/" + std::to_string(i));
  }
  CountingIndex index(Written());
  ListRequest request = In("b");
  request.delimiter = "/";
  EXPECT_EQ(ListObjects(index, request).common_prefixes.size(), static_cast<std::size_t>(kFolders));
  EXPECT_LE(index.moves().seeks, kFolders + 1);
  EXPECT_EQ(index.moves().nexts, 0);
}

TEST_F(ListObjectsTest, RecordsAndMetadataAreReadInStep) {
  for (int i = 0; i < 2000; ++i) Put("/b/" + std::to_string(i), i % 3 != 0);
  CountingIndex index(Written());
  EXPECT_EQ(ListObjects(index, In("b")).contents.size(), 1000u);
  EXPECT_LE(index.moves().seeks, 2);
  EXPECT_LE(index.moves().nexts, 2000);
}

}  // namespace
}  // namespace mkv::s3
