#include "s3api/program/volume_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(VolumeList, IsSeparatedByCommas) {
  EXPECT_THAT(ReadVolumeList("larry:3001,moe:3002,curly"),
              ElementsAre("larry:3001", "moe:3002", "curly"));
  EXPECT_THAT(ReadVolumeList(" larry , moe,"), ElementsAre("larry", "moe"));
  EXPECT_THAT(ReadVolumeList(""), IsEmpty());
}

TEST(VolumeList, MayBeInAFile) {
  const testing::TempFolder folder;
  const std::filesystem::path file = folder.path() / "volumes";
  std::ofstream(file) << "# three of them\n\nlarry:3001\n  moe:3002, curly:3003  # in one rack\r\n";
  EXPECT_THAT(ReadVolumeList("@" + file.string()),
              ElementsAre("larry:3001", "moe:3002", "curly:3003"));
}

TEST(VolumeList, WhoseFileIsMissingIsAnErrorThatNamesIt) {
  try {
    ReadVolumeList("@/no/such/file");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/no/such/file"));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
}

TEST(VolumeList, WhoseFileNamesNoneIsAnErrorThatNamesIt) {
  const testing::TempFolder folder;
  const std::filesystem::path file = folder.path() / "volumes";
  std::ofstream(file) << "# to be written\n";
  try {
    ReadVolumeList("@" + file.string());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the list of volumes in " + file.string() + " is empty"));
  }
}

// A folder can be opened like a file, and gives no line.
TEST(VolumeList, InAFolderIsAnError) { EXPECT_THROW(ReadVolumeList("@/tmp"), std::runtime_error); }

}  // namespace
}  // namespace mkv
