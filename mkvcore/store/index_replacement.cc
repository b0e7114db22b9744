#include "mkvcore/store/index_replacement.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>  // renameat2
#include <ctime>
#include <system_error>
#include <utility>

#include "mkvcore/store/index_files.h"
#include "mkvcore/store/sync_folder.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;

// The old index is asked for each key once, in no order: caching it is of little use.
constexpr std::size_t kOldCacheBytes = 32 << 20;

std::string Message(int error) { return std::generic_category().message(error); }

bool IsMountPoint(const fs::path& folder) {
  struct stat inside = {};
  struct stat above = {};
  return stat(folder.c_str(), &inside) == 0 && stat(folder.parent_path().c_str(), &above) == 0 &&
         inside.st_dev != above.st_dev;
}

void Rename(const fs::path& from, const fs::path& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    throw IndexError("can not rename " + from.string() + " to " + to.string() + ": " +
                     Message(errno));
  }
}

// The folder of the new index while it grows, and that of the old one while the two change places
// on a file system that can not do that at once.
fs::path BuildingOf(const fs::path& folder) { return folder.string() + ".rebuild"; }
fs::path BetweenOf(const fs::path& folder) { return folder.string() + ".exchange"; }

// One that LevelDB would open, and not make anew.
bool HoldsIndex(const fs::path& folder) { return fs::exists(folder / "CURRENT"); }

// Of FOLDER or FOLDER/, which need not be there; links are followed.
fs::path Canonical(const std::string& folder) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(folder, error);
  if (error) throw IndexError("can not open the folder " + folder + ": " + error.message());
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

// Killed in the middle of the exchange, a rebuild leaves the old index there and nothing here.
void RequireNotBetween(const fs::path& folder) {
  const fs::path between = BetweenOf(folder);
  if (HoldsIndex(folder) || !fs::exists(between)) return;
  throw IndexError("there is no index in " + folder.string() + ": a rebuild was interrupted when " +
                   "it had moved it to " + between.string() + "; move it back (`mv -T " +
                   between.string() + " " + folder.string() + "`), and run `mkv rebuild` again");
}

// At no instant is there nothing at `one`, where the file system can do that.
void Exchange(const fs::path& one, const fs::path& other) {
  if (renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
    throw IndexError("can not exchange " + one.string() + " and " + other.string() + ": " +
                     Message(errno));
  }
  const fs::path between = BetweenOf(one);
  Rename(one, between);
  try {
    Rename(other, one);
  } catch (const IndexError&) {
    Rename(between, one);
    throw;
  }
  Rename(between, other);
}

std::string Timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm utc = {};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

}  // namespace

void RequireNoUnfinishedReplacement(const std::string& folder) {
  const fs::path canonical = Canonical(folder);
  RequireNotBetween(canonical);
  const fs::path building = BuildingOf(canonical);
  if (HoldsIndex(canonical) || !fs::exists(building)) return;
  throw IndexError("there is no index in " + folder + ", and a rebuild of it did not end: run " +
                   "`mkv rebuild` again; or remove " + building.string() +
                   " to begin with an empty index, which knows of nothing on the volumes");
}

IndexReplacement::IndexReplacement(const std::string& folder) {
  RequireNotBetween(Canonical(folder));
  std::error_code error;
  made_folder_ = fs::create_directories(folder, error);
  if (error) throw IndexError("can not make the folder " + folder + ": " + error.message());
  // A link to a folder elsewhere is followed: what it points to is exchanged, the link stays.
  folder_ = fs::canonical(folder, error);
  if (error || !fs::is_directory(folder_)) throw IndexError(folder + " is not a folder");
  if (IsMountPoint(folder_)) {
    throw IndexError(folder +
                     " is a mount point, which can not be exchanged for a rebuilt index: " +
                     "move the index into a folder below it and name that with -db");
  }
  building_ = BuildingOf(folder_);

  lock_ = std::make_shared<const FolderLock>(folder_.string());
  if (const fs::path between = BetweenOf(folder_); fs::exists(between)) {
    Rename(between, NameToKeep());  // it had been exchanged, and may be the one to be kept
  }
  RemoveLeftovers();
  replacement_ = LevelDbIndex::Open(building_.string());
}

void IndexReplacement::OpenOld() {
  LevelDbOptions options;
  options.lock = lock_;
  options.create_if_missing = false;
  options.cache_bytes = kOldCacheBytes;
  try {
    old_ = LevelDbIndex::Open(folder_.string(), options);
  } catch (const IndexMissing&) {
  } catch (const IndexCorrupted& corrupted) {
    why_unreadable_ = corrupted.what();
  }
}

IndexReplacement::~IndexReplacement() {
  if (taken_) return;
  replacement_.reset();
  old_.reset();
  std::error_code ignored;  // the next attempt meets whatever stays
  fs::remove_all(building_, ignored);
  if (made_folder_) fs::remove_all(folder_, ignored);
}

void IndexReplacement::RemoveLeftovers() {
  if (!fs::exists(building_)) return;
  std::error_code error;
  if (!fs::is_directory(building_) || !HoldsIndexFilesOnly(building_)) {
    throw IndexError(building_.string() + " is in the way, and holds more than an index: move it");
  }
  fs::remove_all(building_, error);
  if (error) throw IndexError("can not remove " + building_.string() + ": " + error.message());
}

fs::path IndexReplacement::NameToKeep() const {
  const std::string name =
      folder_.string() + (why_unreadable_.empty() ? ".old-" : ".broken-") + Timestamp();
  std::string kept = name;
  for (int i = 2; fs::exists(kept); ++i) kept = name + "-" + std::to_string(i);
  return kept;
}

std::string IndexReplacement::TakePlace(bool keep_old) {
  replacement_->Sync();
  // Both are closed first: LevelDB opens its files by name whenever it likes.
  replacement_.reset();
  old_.reset();
  const FolderLock new_lock(building_.string());
  SyncFolder(building_);
  const bool kept = keep_old || !why_unreadable_.empty() || !HoldsIndexFilesOnly(folder_);
  if (kept) {
    // The exchange then gives the old index the name that it keeps. At no instant does it lie where
    // the next rebuild begins by removing what is there.
    fs::path name = NameToKeep();
    Rename(building_, name);
    building_ = std::move(name);
  }
  Exchange(folder_, building_);
  taken_ = true;
  SyncFolder(folder_.parent_path());
  if (kept) return building_;
  std::error_code ignored;  // a later rebuild removes it
  fs::remove_all(building_, ignored);
  return "";
}

}  // namespace mkv
