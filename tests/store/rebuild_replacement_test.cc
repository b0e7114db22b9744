#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "mkvcore/store/index_replacement.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What becomes of this program's renames, which are its own functions (below); numbered from 1.
struct Renames {
  bool exchange_is_known = true;  // RENAME_EXCHANGE, of the file system
  int fails = 0;
  int kills = 0;  // the process, once it is done
  bool exchange_kills = false;
  int done = 0;
};
Renames renames;

int Rename(const std::function<int()>& rename) {
  if (++renames.done == renames.fails) {
    errno = EIO;
    return -1;
  }
  const int result = rename();
  if (renames.done == renames.kills) _exit(0);
  return result;
}

void Put(Index& index, std::string_view key, std::string_view value) {
  Batch batch;
  batch.Put(key, value);
  ASSERT_TRUE(index.Write(batch, Index::Durability::kOrdered));
}

class IndexReplacementTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.path() / "index"; }
  std::string building() const { return path() + ".rebuild"; }
  void MakeOld() { Put(*LevelDbIndex::Open(path()), "/key", "old"); }
  std::optional<std::string> Value() { return LevelDbIndex::Open(path())->Get("/key"); }
  std::size_t FoldersLeft() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }

  const testing::TempFolder folder_;
};

TEST_F(IndexReplacementTest, TakesThePlaceOfTheOldIndex) {
  MakeOld();
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    EXPECT_EQ(replacement.old()->Get("/key"), "old");
    Put(replacement.replacement(), "/key", "new");
    EXPECT_EQ(replacement.TakePlace(false), "");
  }
  EXPECT_EQ(Value(), "new");
  EXPECT_EQ(FoldersLeft(), 1u);
}

TEST_F(IndexReplacementTest, WithoutTakingPlaceTheOldIndexStays) {
  MakeOld();
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    Put(replacement.replacement(), "/key", "new");
  }
  EXPECT_EQ(Value(), "old");
  EXPECT_EQ(FoldersLeft(), 1u);
}

TEST_F(IndexReplacementTest, StartsWhereThereIsNoIndexYet) {
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    EXPECT_EQ(replacement.old(), nullptr);
    EXPECT_EQ(replacement.why_unreadable(), "");
  }
  EXPECT_EQ(FoldersLeft(), 0u);
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    Put(replacement.replacement(), "/key", "new");
    EXPECT_EQ(replacement.TakePlace(false), "");
  }
  EXPECT_EQ(Value(), "new");
}

TEST_F(IndexReplacementTest, KeepsOutEveryOtherOpenerUntilItsEnd) {
  MakeOld();
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    EXPECT_THROW(LevelDbIndex::Open(path()), IndexInUse);
    EXPECT_THROW(IndexReplacement{path()}, IndexInUse);
    Put(replacement.replacement(), "/key", "new");
    replacement.TakePlace(false);
  }
  EXPECT_EQ(Value(), "new");
}

TEST_F(IndexReplacementTest, IsRefusedWhileTheIndexIsOpen) {
  MakeOld();
  const auto index = LevelDbIndex::Open(path());
  EXPECT_THROW(IndexReplacement{path()}, IndexInUse);
  EXPECT_EQ(index->Get("/key"), "old");
}

TEST_F(IndexReplacementTest, KeepsAnOldIndexThatItCouldNotRead) {
  MakeOld();
  fs::resize_file(path() + "/CURRENT", 0);
  std::string kept;
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    EXPECT_EQ(replacement.old(), nullptr);
    EXPECT_THAT(replacement.why_unreadable(), HasSubstr("corrupted"));
    Put(replacement.replacement(), "/key", "new");
    kept = replacement.TakePlace(false);
  }
  EXPECT_THAT(kept, StartsWith(path() + ".broken-"));
  EXPECT_TRUE(fs::exists(kept + "/CURRENT"));
  EXPECT_EQ(Value(), "new");
}

TEST_F(IndexReplacementTest, NeverRemovesFilesThatAreNoIndexs) {
  MakeOld();
  std::ofstream(path() + "/thesis.odt") << "words";
  std::string kept;
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    kept = replacement.TakePlace(false);
  }
  EXPECT_THAT(kept, StartsWith(path() + ".old-"));
  EXPECT_TRUE(fs::exists(kept + "/thesis.odt"));

  fs::create_directory(building());
  std::ofstream(building() + "/thesis.odt") << "words";
  EXPECT_THROW(IndexReplacement{path()}, IndexError);
  EXPECT_TRUE(fs::exists(building() + "/thesis.odt"));
}

TEST_F(IndexReplacementTest, BeginsCleanAfterAnUnfinishedAttempt) {
  MakeOld();
  Put(*LevelDbIndex::Open(building()), "/left", "over");
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    EXPECT_EQ(replacement.replacement().Get("/left"), std::nullopt);
    EXPECT_EQ(replacement.old()->Get("/key"), "old");
  }
  EXPECT_EQ(Value(), "old");
}

TEST_F(IndexReplacementTest, KeepsEachOldIndexUnderANameOfItsOwn) {
  for (int i = 0; i < 3; ++i) {
    MakeOld();
    IndexReplacement replacement(path());
    replacement.OpenOld();
    EXPECT_THAT(replacement.TakePlace(/*keep_old=*/true), StartsWith(path() + ".old-"));
  }
  EXPECT_EQ(FoldersLeft(), 4u);
}

TEST_F(IndexReplacementTest, FollowsALinkAndLeavesItInPlace) {
  const std::string elsewhere = folder_.path() / "elsewhere";
  fs::create_directory(elsewhere);
  fs::create_directory_symlink(elsewhere, path());
  MakeOld();
  {
    IndexReplacement replacement(path() + "/");
    replacement.OpenOld();
    Put(replacement.replacement(), "/key", "new");
    replacement.TakePlace(false);
  }
  EXPECT_TRUE(fs::is_symlink(path()));
  EXPECT_EQ(Value(), "new");
}

// What a process leaves that is killed while one index takes the place of the other.
class KilledReplacementTest : public IndexReplacementTest {
 protected:
  // In a process of its own, which is to end so.
  void KillAfter(const Renames& death) {
    MakeOld();
    const pid_t child = fork();
    if (child == 0) {
      try {
        IndexReplacement replacement(path());
        replacement.OpenOld();
        Batch batch;
        batch.Put("/key", "new");
        if (!replacement.replacement().Write(batch, Index::Durability::kOrdered)) _exit(1);
        renames = death;
        replacement.TakePlace(/*keep_old=*/true);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
      _exit(1);  // it should have been killed
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  // Those beside the index that hold this.
  std::vector<std::string> NamesOf(const std::string& value) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const std::string name = entry.path();
      if (name != path() && LevelDbIndex::Open(name)->Get("/key") == value) names.push_back(name);
    }
    return names;
  }
};

TEST_F(KilledReplacementTest, TheOldIndexHasTheNameThatItKeepsAsSoonAsItIsExchanged) {
  KillAfter({.exchange_kills = true});
  EXPECT_EQ(Value(), "new");
  EXPECT_THAT(NamesOf("old"), ElementsAre(StartsWith(path() + ".old-")));
  { const IndexReplacement next(path()); }
  EXPECT_THAT(NamesOf("old"), ElementsAre(StartsWith(path() + ".old-")));
}

TEST_F(KilledReplacementTest, BeforeTheExchangeTheOldIndexIsInItsPlace) {
  KillAfter({.kills = 1});
  EXPECT_EQ(Value(), "old");
}

TEST_F(KilledReplacementTest, InTheMiddleOfAnExchangeNobodyMakesAnotherIndex) {
  KillAfter({.exchange_is_known = false, .kills = 2});
  ASSERT_FALSE(fs::exists(path()));
  const auto why = [](const auto& action) -> std::string {
    try {
      action();
      return "done";
    } catch (const IndexError& error) {
      return error.what();
    }
  };
  const std::string advice = "mv -T " + path() + ".exchange " + path() + "`";
  EXPECT_THAT(why([this] { RequireNoUnfinishedReplacement(path() + "/"); }), HasSubstr(advice));
  EXPECT_THAT(why([this] { const IndexReplacement next(path()); }), HasSubstr(advice));
  fs::rename(path() + ".exchange", path());
  EXPECT_EQ(why([this] { RequireNoUnfinishedReplacement(path()); }), "done");
  EXPECT_EQ(Value(), "old");
}

TEST_F(KilledReplacementTest, AfterAnExchangeTheOldIndexIsKeptByTheNextRebuild) {
  KillAfter({.exchange_is_known = false, .kills = 3});
  EXPECT_EQ(Value(), "new");
  RequireNoUnfinishedReplacement(path());
  { const IndexReplacement next(path()); }
  EXPECT_THAT(NamesOf("old"), ElementsAre(StartsWith(path() + ".old-")));
}

TEST_F(IndexReplacementTest, AnExchangeThatFailsInTheMiddleIsTakenBack) {
  MakeOld();
  {
    IndexReplacement replacement(path());
    replacement.OpenOld();
    renames = {.exchange_is_known = false, .fails = 3};
    EXPECT_THROW(replacement.TakePlace(/*keep_old=*/true), IndexError);
    renames = {};
  }
  EXPECT_EQ(Value(), "old");
  EXPECT_EQ(FoldersLeft(), 1u);
}

TEST_F(IndexReplacementTest, WhereARebuildDidNotEndNoEmptyIndexIsBegun) {
  Put(*LevelDbIndex::Open(building()), "/key", "new");
  try {
    RequireNoUnfinishedReplacement(path());
    FAIL() << "a new index would have been made";
  } catch (const IndexError& error) {
    EXPECT_THAT(error.what(), HasSubstr("run `mkv rebuild` again"));
  }
  MakeOld();
  RequireNoUnfinishedReplacement(path());
}

}  // namespace
}  // namespace mkv

extern "C" int rename(const char* from, const char* to) noexcept {
  return mkv::Rename([&] { return renameat(AT_FDCWD, from, AT_FDCWD, to); });
}

extern "C" int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                         unsigned flags) noexcept {
  if (flags == RENAME_EXCHANGE && !mkv::renames.exchange_is_known) {
    errno = EINVAL;
    return -1;
  }
  return mkv::Rename([&] {
    const auto result =
        static_cast<int>(syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
    if (flags == RENAME_EXCHANGE && mkv::renames.exchange_kills) _exit(0);
    return result;
  });
}
