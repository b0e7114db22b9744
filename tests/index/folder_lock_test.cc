#include "mkvcore/index/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "mkvcore/index/leveldb_index.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

using ::testing::HasSubstr;

TEST(FolderLockTest, IsHeldUntilDestruction) {
  const testing::TempFolder folder;
  {
    const FolderLock lock(folder.path());
    EXPECT_THROW(FolderLock(folder.path()), IndexInUse);
  }
  const FolderLock again(folder.path());
}

TEST(FolderLockTest, MovesWithTheObject) {
  const testing::TempFolder folder;
  auto lock = std::make_unique<FolderLock>(folder.path());
  {
    const FolderLock moved(std::move(*lock));
    lock.reset();
    EXPECT_THROW(FolderLock(folder.path()), IndexInUse);
  }
  const FolderLock again(folder.path());
}

TEST(FolderLockTest, MessageNamesTheProcessThatHoldsIt) {
  const testing::TempFolder folder;
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    char byte = 'x';
    if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  std::string message;
  try {
    const FolderLock lock(folder.path());
  } catch (const IndexInUse& error) {
    message = error.what();
  }
  EXPECT_EQ(write(done[1], &byte, 1), 1);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(message, HasSubstr("in use by "));
  // /proc/locks shows the locks of this container only, and not in every one.
  if (message.find("another process") == std::string::npos) {
    EXPECT_THAT(message, HasSubstr("process " + std::to_string(child) + " ("));
  }
}

TEST(FolderLockTest, ASwappedFolderIsLockedUnderItsNewName) {
  const testing::TempFolder folder;
  std::filesystem::create_directory(folder.path() / "old");
  std::filesystem::create_directory(folder.path() / "new");
  const FolderLock old_lock(folder.path() / "old");
  std::filesystem::rename(folder.path() / "old", folder.path() / "gone");
  std::filesystem::rename(folder.path() / "new", folder.path() / "old");
  const FolderLock new_lock(folder.path() / "old");
  EXPECT_THROW(FolderLock(folder.path() / "gone"), IndexInUse);
}

TEST(FolderLockTest, FolderThatIsNotThereIsAnError) {
  const testing::TempFolder folder;
  EXPECT_THROW(FolderLock(folder.path() / "missing"), IndexError);
}

}  // namespace
}  // namespace mkv
