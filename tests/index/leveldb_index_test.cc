#include "mkvcore/index/leveldb_index.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "tests/support/original_store.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using Durability = Index::Durability;

constexpr Durability kOrdered = Durability::kOrdered;

std::map<std::string, std::string> Contents(const Index& index) {
  std::map<std::string, std::string> contents;
  const auto iterator = index.NewIterator();
  for (iterator->Seek(""); iterator->Valid(); iterator->Next()) {
    contents.emplace(iterator->key(), iterator->value());
  }
  return contents;
}

void Put(Index& index, std::string_view key, std::string_view value) {
  Batch batch;
  batch.Put(key, value);
  ASSERT_TRUE(index.Write(batch, kOrdered));
}

// All of them: the last that LevelDB wrote before it was closed may not be part of the index yet.
void RemoveTables(const std::string& folder) {
  const fs::directory_iterator entries(folder);
  for (const auto& entry : std::vector<fs::directory_entry>(begin(entries), end(entries))) {
    if (entry.path().extension() == ".ldb") fs::remove(entry);
  }
}

// The message of the error with which opening `folder` fails.
template <typename Error = IndexError>
std::string WhyNotOpened(const std::string& folder, const LevelDbOptions& options = {}) {
  try {
    LevelDbIndex::Open(folder, options);
    return "opened";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string FileEndingIn(const std::string& folder, const std::string& extension) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension && fs::file_size(entry) > 0) return entry.path();
  }
  ADD_FAILURE() << "no " << extension << " in " << folder;
  return "";
}

// The log that the MANIFEST names: the older one, where the index was closed before what is in that
// had become a table. Of a newer one LevelDB keeps no note.
std::string NamedLog(const std::string& folder) {
  std::string oldest;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string log = entry.path();
    if (log.ends_with(".log") && (oldest.empty() || log < oldest)) oldest = log;
  }
  if (oldest.empty()) ADD_FAILURE() << "no log in " << folder;
  return oldest;
}

std::string Manifest(const std::string& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("MANIFEST")) return entry.path();
  }
  ADD_FAILURE() << "no MANIFEST in " << folder;
  return "";
}

void FlipByte(const std::string& file, std::streamoff at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(at);
  const char flipped = static_cast<char>(stream.get() ^ 0x55);
  stream.seekp(at);
  stream.put(flipped);
  ASSERT_TRUE(stream.good());
}

class LevelDbIndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<LevelDbIndex> Open() { return LevelDbIndex::Open(path()); }
  std::string path() const { return folder_.path() / "index"; }

  // Leaves an index of 2,000 records behind, in tables and in a log.
  void Fill() {
    LevelDbOptions options;
    options.write_buffer_bytes = 64 << 10;
    const auto index = LevelDbIndex::Open(path(), options);
    for (int i = 0; i < 2000; ++i) Put(*index, "/key-" + std::to_string(i), std::string(100, 'v'));
  }

  const testing::TempFolder folder_;
};

TEST_F(LevelDbIndexTest, HoldsWhatWasWrittenAfterReopening) {
  {
    const auto index = Open();
    Put(*index, "/a", "1");
    Put(*index, std::string("/\0\xff", 3), std::string("\0", 1));
    Batch batch;
    batch.Put("/b", "2");
    batch.Delete("/a");
    EXPECT_TRUE(index->Write(batch, Durability::kSynced));
    EXPECT_EQ(index->Get("/a"), std::nullopt);
    EXPECT_EQ(index->Get("/b"), "2");
  }
  const auto index = Open();
  EXPECT_EQ(Contents(*index),
            (std::map<std::string, std::string>{{"/b", "2"}, {{"/\0\xff", 3}, {"\0", 1}}}));
}

TEST_F(LevelDbIndexTest, MakesItsFolderUnlessToldNotTo) {
  LevelDbOptions options;
  options.create_if_missing = false;
  EXPECT_THAT(WhyNotOpened(path(), options), HasSubstr("there is no index in " + path()));
  EXPECT_FALSE(fs::exists(path()));
  fs::create_directories(path());
  EXPECT_THAT(WhyNotOpened(path(), options), HasSubstr("there is no index in " + path()));
  EXPECT_EQ(WhyNotOpened(folder_.path() / "deep/er/index"), "opened");
}

TEST_F(LevelDbIndexTest, IteratesInByteOrderOverTheMomentItWasMade) {
  const auto index = Open();
  for (const char* key : {"/b", "/a", "/\xff", "meta/a", "/a/b"}) Put(*index, key, key);
  const auto iterator = index->NewIterator();
  Put(*index, "/aa", "later");
  Batch batch;
  batch.Delete("/b");
  ASSERT_TRUE(index->Write(batch, kOrdered));

  std::vector<std::string> keys;
  for (iterator->Seek("/a"); iterator->Valid(); iterator->Next()) {
    EXPECT_EQ(iterator->key(), iterator->value());
    keys.emplace_back(iterator->key());
  }
  EXPECT_THAT(keys, ::testing::ElementsAre("/a", "/a/b", "/b", "/\xff", "meta/a"));
  iterator->Seek("/c");
  EXPECT_EQ(iterator->key(), "/\xff");
  iterator->Seek("n");
  EXPECT_FALSE(iterator->Valid());
}

TEST_F(LevelDbIndexTest, BatchWhoseRequirementFailsChangesNothing) {
  const auto index = Open();
  Put(*index, "/a", "1");
  const auto attempt = [&](std::string_view key, std::optional<std::string_view> value) {
    Batch batch;
    batch.Require(key, value);
    batch.Require("/a", "1");
    batch.Put("/b", "2");
    batch.Delete("/c");
    return index->Write(batch, kOrdered);
  };
  EXPECT_FALSE(attempt("/a", "2"));
  EXPECT_FALSE(attempt("/a", std::nullopt));
  EXPECT_FALSE(attempt("/a", ""));
  EXPECT_FALSE(attempt("/x", ""));
  EXPECT_EQ(index->Get("/b"), std::nullopt);
  EXPECT_TRUE(attempt("/x", std::nullopt));
  EXPECT_EQ(index->Get("/b"), "2");

  Batch only_a_question;
  only_a_question.Require("/b", "3");
  EXPECT_FALSE(index->Write(only_a_question, kOrdered));
}

TEST_F(LevelDbIndexTest, ConcurrentConditionalBatchesLoseNoIncrement) {
  const auto index = Open();
  constexpr int kThreads = 8;
  constexpr int kIncrements = 300;
  // Two counters on every thread, always equal: each batch must be whole.
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int done = 0; done < kIncrements;) {
        const auto one = index->Get("/one");
        Batch batch;
        batch.Require("/one", one);
        const std::string next = std::to_string((one ? std::stoi(*one) : 0) + 1);
        batch.Put("/one", next);
        batch.Put("/two", next);
        if (index->Write(batch, kOrdered)) ++done;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(index->Get("/one"), std::to_string(kThreads * kIncrements));
  EXPECT_EQ(index->Get("/two"), std::to_string(kThreads * kIncrements));
}

TEST_F(LevelDbIndexTest, UnconditionalBatchNeverSlipsBetweenARequirementAndItsWrite) {
  const auto index = Open();
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto seen = index->Get("/v");
        if (!seen || seen->starts_with("answer to ")) continue;
        Batch batch;
        batch.Require("/v", seen);
        // Time for others between the reading of the first requirement and the write.
        for (int i = 0; i < 100; ++i) batch.Require("/none-" + std::to_string(i), std::nullopt);
        batch.Put("/v", "answer to " + *seen);
        if (index->Write(batch, kOrdered)) ++answered;
      }
    });
  }
  for (int i = 0; i < 1000 || answered == 0; ++i) {
    const std::string value = std::to_string(i);
    Put(*index, "/v", value);
    // An answer to an earlier value would have been written over this one unread.
    const auto seen = index->Get("/v");
    EXPECT_TRUE(seen == value || seen == "answer to " + value) << *seen << " at " << i;
  }
  stop = true;
}

TEST_F(LevelDbIndexTest, BatchesOfThousandsOfKeysMeetWithoutBlockingForEver) {
  const auto index = Open();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      Batch batch;
      for (int i = 0; i < 5000; ++i) {
        batch.Put("/" + std::to_string((i * 7919 + thread * 31) % 5000), std::to_string(thread));
      }
      for (int round = 0; round < 3; ++round) EXPECT_TRUE(index->Write(batch, kOrdered));
    });
  }
  threads.clear();
  // Whole batches: the last one owns every key.
  const auto contents = Contents(*index);
  EXPECT_EQ(contents.size(), 5000u);
  for (const auto& [key, value] : contents) EXPECT_EQ(value, contents.begin()->second);
}

TEST_F(LevelDbIndexTest, ReadersIterateWhileWritersWrite) {
  const auto index = Open();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 200; ++i) {
        Batch batch;
        batch.Put("/a", std::to_string(thread * 1000 + i));
        batch.Put("/b", std::to_string(thread * 1000 + i));
        EXPECT_TRUE(index->Write(batch, kOrdered));
        const auto contents = Contents(*index);
        EXPECT_EQ(contents.at("/a"), contents.at("/b"));
        if (i % 50 == 0) index->Sync();
      }
    });
  }
}

TEST_F(LevelDbIndexTest, SecondOpenerIsRefusedWithAClearMessage) {
  const auto index = Open();
  EXPECT_THAT(WhyNotOpened<IndexInUse>(path()),
              HasSubstr("the index in " + path() + " is in use by"));
  Put(*index, "/still", "works");
  EXPECT_EQ(index->Get("/still"), "works");
}

TEST_F(LevelDbIndexTest, IsRefusedWhileAnotherProgramHoldsLevelDbsOwnLock) {
  fs::create_directories(path());
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int lock = open((path() + "/LOCK").c_str(), O_RDWR | O_CREAT, 0644);
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    char byte = 'x';
    if (fcntl(lock, F_SETLK, &whole) != 0 || write(ready[1], &byte, 1) != 1) _exit(1);
    _exit(read(done[0], &byte, 1) == 1 ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  // Not this process, whose own lock lies on the same file; /proc/locks may tell of none.
  EXPECT_THAT(WhyNotOpened<IndexInUse>(path()),
              AnyOf(HasSubstr("is in use by process " + std::to_string(child) + " ("),
                    HasSubstr("is in use by another process")));
  EXPECT_EQ(write(done[1], &byte, 1), 1);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(WhyNotOpened(path()), "opened");
}

TEST_F(LevelDbIndexTest, CanBeOpenedAgainAfterClosing) {
  Open();
  Open();
}

TEST_F(LevelDbIndexTest, MissingCurrentIsCorruptionAndNotANewIndex) {
  Fill();
  fs::remove(path() + "/CURRENT");
  const std::string why = WhyNotOpened<IndexCorrupted>(path());
  EXPECT_THAT(why, HasSubstr("CURRENT is missing"));
  EXPECT_THAT(why, HasSubstr("mkv rebuild"));
  EXPECT_NE(FileEndingIn(path(), ".ldb"), "");
}

TEST_F(LevelDbIndexTest, EveryKindOfDamageAtOpeningNamesRebuild) {
  struct Damage {
    const char* name;
    void (*inflict)(const std::string& folder);
  };
  const Damage damages[] = {
      {"empty CURRENT", [](const std::string& f) { fs::resize_file(f + "/CURRENT", 0); }},
      {"truncated CURRENT", [](const std::string& f) { fs::resize_file(f + "/CURRENT", 5); }},
      {"CURRENT that names nothing",
       [](const std::string& f) { std::ofstream(f + "/CURRENT") << "MANIFEST-999999\n"; }},
      {"empty MANIFEST", [](const std::string& f) { fs::resize_file(Manifest(f), 0); }},
      {"damaged MANIFEST", [](const std::string& f) { FlipByte(Manifest(f), 12); }},
      {"missing tables", RemoveTables},
      {"missing log", [](const std::string& f) { fs::remove(NamedLog(f)); }},
      {"damaged log", [](const std::string& f) { FlipByte(FileEndingIn(f, ".log"), 40); }},
  };
  for (const Damage& damage : damages) {
    SCOPED_TRACE(damage.name);
    fs::remove_all(path());
    Fill();
    damage.inflict(path());
    const std::string why = WhyNotOpened<IndexCorrupted>(path());
    EXPECT_THAT(why, HasSubstr("is corrupted"));
    EXPECT_THAT(why, HasSubstr("mkv rebuild"));
  }
}

// An edit of the MANIFEST names the log that follows the tables which it adds.
TEST_F(LevelDbIndexTest, AManifestThatEndsBeforeItsLastEditIsCorruption) {
  const std::string long_key(20'000, 'k');  // so that an edit goes from one block into the next
  std::uintmax_t before = 0;
  {
    LevelDbOptions options;
    options.write_buffer_bytes = 64 << 10;
    const auto index = LevelDbIndex::Open(path(), options);
    before = fs::file_size(Manifest(path()));
    int key = 0;
    while (fs::file_size(Manifest(path())) == before) {
      Put(*index, std::to_string(key++) + long_key, std::string(100, 'v'));
    }
  }
  for (const std::uintmax_t bytes : {fs::file_size(Manifest(path())) - 5, before}) {
    fs::resize_file(Manifest(path()), bytes);
    EXPECT_THAT(WhyNotOpened<IndexCorrupted>(path()), HasSubstr("names last, is missing"));
    EXPECT_NE(FileEndingIn(path(), ".ldb"), "") << "nothing was removed";
  }
}

TEST_F(LevelDbIndexTest, ALogCutShortByACrashOpens) {
  Fill();
  const std::string log = FileEndingIn(path(), ".log");
  fs::resize_file(log, fs::file_size(log) - 3);
  EXPECT_EQ(Contents(*Open()).size(), 1999u);
}

TEST_F(LevelDbIndexTest, DamagedTableIsNoticedWhenItIsRead) {
  // Random bytes, which Snappy leaves as they are: only the checksum can tell.
  std::mt19937 random(1);
  std::string value(3000, '\0');
  for (char& c : value) c = static_cast<char>(random());
  Put(*Open(), "/a", value);
  Open();  // moves the log into a table
  FlipByte(FileEndingIn(path(), ".ldb"), 1500);
  EXPECT_THROW((void)Open()->Get("/a"), IndexCorrupted);
  EXPECT_THROW(Contents(*Open()), IndexCorrupted);
}

TEST_F(LevelDbIndexTest, TableThatWasCutShortIsCorruption) {
  for (const bool empty : {false, true}) {
    fs::remove_all(path());
    Put(*Open(), "/a", std::string(3000, 'v'));
    Open();  // moves the log into a table
    const std::string table = FileEndingIn(path(), ".ldb");
    fs::resize_file(table, empty ? 0 : fs::file_size(table) / 2);
    EXPECT_THROW((void)Open()->Get("/a"), IndexCorrupted);
    EXPECT_THROW(Contents(*Open()), IndexCorrupted);
  }
}

// LevelDB goes on behind a block that it can not read.
TEST_F(LevelDbIndexTest, AWalkThatPassedOverADamagedBlockSaysSoAtItsEnd) {
  {
    const auto index = Open();
    std::mt19937 random(1);
    for (int i = 100; i < 200; ++i) {
      std::string value(3000, '\0');
      for (char& c : value) c = static_cast<char>(random());
      Put(*index, "/" + std::to_string(i), value);
    }
    Put(*index, "metadata", "follows");
  }
  Open();                                           // moves the log into a table
  FlipByte(FileEndingIn(path(), ".ldb"), 150'000);  // about the middle
  const auto index = Open();
  const auto entries = index->NewIterator();
  int met = 0;
  for (entries->Seek("/"); entries->Valid() && entries->key().starts_with('/'); entries->Next()) {
    ++met;
  }
  ASSERT_TRUE(entries->Valid()) << "the walk is over before the end of the index";
  EXPECT_LT(met, 100);
  EXPECT_THROW(entries->Check(), IndexCorrupted);
  EXPECT_THROW(entries->Seek("/100"), IndexCorrupted);
}

TEST_F(LevelDbIndexTest, WhatIsNoFaultOfTheIndexDoesNotNameRebuild) {
  std::ofstream(path()) << "a file";
  EXPECT_THAT(WhyNotOpened(path()), HasSubstr(path() + " is not a folder"));
  EXPECT_THAT(WhyNotOpened(path() + "/below"), Not(HasSubstr("rebuild")));

  fs::create_directory(folder_.path() / "closed");
  fs::permissions(folder_.path() / "closed", fs::perms::none);
  const uid_t user = geteuid();
  constexpr uid_t kNobody = 65534;  // root may do everything
  if (user == 0) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  const std::string why = WhyNotOpened(folder_.path() / "closed");
  if (user == 0) {
    ASSERT_EQ(seteuid(user), 0);
  }
  EXPECT_THAT(why, HasSubstr("Permission denied"));
  EXPECT_THAT(why, Not(HasSubstr("rebuild")));
}

TEST_F(LevelDbIndexTest, OpensTheOriginalsIndexesAndListsExactlyTheirRecords) {
  for (const std::string& name : testing::OriginalStore::Names()) {
    const testing::OriginalStore store(name);
    for (int time = 0; time < 2; ++time) {
      const auto index = LevelDbIndex::Open(store.index());
      EXPECT_EQ(Contents(*index), store.records());
      for (const auto& [key, record] : store.records()) EXPECT_EQ(index->Get(key), record);
    }
  }
}

TEST_F(LevelDbIndexTest, CompressesItsTablesWithSnappyAloneOrNotAtAll) {
  Fill();
  Open();
  const std::string table = FileEndingIn(path(), ".ldb");
  // A block is followed by one byte that names its compression (table_format.md), 0 or 1 for
  // goleveldb; the footer's first two varints place the metaindex block.
  std::ostringstream whole;
  whole << std::ifstream(table, std::ios::binary).rdbuf();
  const std::string bytes = whole.str();
  std::size_t at = bytes.size() - 48;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  for (int block = 0; block < 2; ++block) {  // metaindex and index
    const std::uint64_t offset = varint();
    const std::uint64_t size = varint();
    EXPECT_LE(bytes.at(offset + size), 1);
  }
  EXPECT_LT(bytes.size(), 40u << 10) << "Snappy is at work";
}

}  // namespace
}  // namespace mkv
