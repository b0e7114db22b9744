#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "mkvcore/store/index_replacement.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

}  // namespace
}  // namespace mkv
