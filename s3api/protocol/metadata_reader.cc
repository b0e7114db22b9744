#include "s3api/protocol/metadata_reader.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "index_entries.pb.h"
#include "mkvcore/format/index_keys.h"

namespace mkv::s3 {
namespace {

// Keys that a thread takes at once, at least. A listing of fewer is not worth a second thread.
constexpr std::size_t kTakenAtOnce = 64;

// The metadata of keys that are mostly asked for in ascending order.
class MetadataCursor {
 public:
  explicit MetadataCursor(const Index& index) : iterator_(index.NewIterator()) {}

  std::optional<std::string_view> At(std::string_view store_key) {
    wanted_.assign(kMetadataPrefix).append(store_key);
    if (positioned_ && Behind()) iterator_->Next();
    if (!positioned_ || Behind()) iterator_->Seek(wanted_);
    positioned_ = true;
    if (!iterator_->Valid() || iterator_->key() != wanted_) return std::nullopt;
    return iterator_->value();
  }
  void Check() const { iterator_->Check(); }

 private:
  bool Behind() const { return iterator_->Valid() && iterator_->key() < wanted_; }

  std::unique_ptr<Index::Iterator> iterator_;
  std::string wanted_;
  bool positioned_ = false;
};

struct Wanted {
  std::string_view store_key;
  std::string_view record;
  ListEntry* entry;
};

// What one thread reads with.
class EntryFiller {
 public:
  EntryFiller(const Index& index, bool with_owner, TextArena& texts)
      : cursor_(index), with_owner_(with_owner), texts_(texts) {}

  void Fill(std::span<const Wanted> wanted) {
    for (const Wanted& one : wanted) Fill(one);
    cursor_.Check();
  }

 private:
  void Fill(const Wanted& wanted) {
    const auto bytes = cursor_.At(wanted.store_key);
    // Metadata that repeats another record is out of date: the original wrote since.
    if (bytes && metadata_.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())) &&
        metadata_.record() == wanted.record) {
      FillIn(metadata_, HashOf(wanted.record), with_owner_, texts_, *wanted.entry);
    } else {
      wanted.entry->needs_head = true;
      wanted.entry->etag = texts_.Keep(HashOf(wanted.record));
    }
  }

  MetadataCursor cursor_;
  const bool with_owner_;
  TextArena& texts_;
  format::ObjectMetadata metadata_;  // its memory is used again for every entry
};

}  // namespace

// What both threads know. The second one may come to it late, so it has a share in it.
class MetadataReader::Shared {
 public:
  Shared(const Index& index, std::size_t limit, bool with_owner)
      : index_(index), with_owner_(with_owner) {
    wanted_.reserve(limit);  // so that no element moves while another thread reads it
  }

  // Whether a second thread has something to do from now on.
  bool Add(const Wanted& wanted) {
    wanted_.push_back(wanted);
    if (wanted_.size() % kTakenAtOnce != 0) return false;
    const std::lock_guard lock(mutex_);
    offered_ = wanted_.size();
    changed_.notify_all();
    return offered_ == kTakenAtOnce;
  }

  void ReadTheRest() {
    {
      const std::lock_guard lock(mutex_);
      offered_ = wanted_.size();
      complete_ = true;
      changed_.notify_all();
    }
    while (const auto range = TakeFromTheBack()) {
      EntryFiller(index_, with_owner_, texts_[0]).Fill(*range);
    }
  }

  void ReadBesides() noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (complete_ && taken_ == offered_) return;
      second_thread_is_here_ = true;
    }
    std::exception_ptr error;
    try {
      EntryFiller filler(index_, with_owner_, texts_[1]);
      while (const auto range = AwaitFromTheFront()) filler.Fill(*range);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    error_ = error;
    second_thread_is_here_ = false;
    changed_.notify_all();
  }

  // Nothing more is taken, and nobody reads any more.
  void Close() {
    std::unique_lock lock(mutex_);
    complete_ = true;
    taken_ = offered_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !second_thread_is_here_; });
  }

  std::array<TextArena, 2> TakeTexts() {
    if (error_) std::rethrow_exception(error_);
    return std::move(texts_);
  }

 private:
  // The next ones after those that it took before, so that it goes on where it is.
  std::optional<std::span<const Wanted>> AwaitFromTheFront() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return taken_ < offered_ || complete_; });
    if (taken_ == offered_) return std::nullopt;
    const std::size_t begin = taken_;
    taken_ = std::min(offered_, begin + kTakenAtOnce);
    return std::span(wanted_.data() + begin, taken_ - begin);
  }

  // As many as will take the second thread as long as this one; all, if it is not here.
  std::optional<std::span<const Wanted>> TakeFromTheBack() {
    const std::lock_guard lock(mutex_);
    const std::size_t left = offered_ - taken_;
    if (left == 0) return std::nullopt;
    const std::size_t count =
        second_thread_is_here_ ? std::min(left, std::max(kTakenAtOnce, left / 2)) : left;
    offered_ -= count;
    return std::span(wanted_.data() + offered_, count);
  }

  const Index& index_;
  const bool with_owner_;
  std::vector<Wanted> wanted_;
  std::array<TextArena, 2> texts_;  // one for each thread

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t taken_ = 0;    // of wanted_, those from here on
  std::size_t offered_ = 0;  // to here may be taken to be read
  bool complete_ = false;    // nothing more will be offered
  bool second_thread_is_here_ = false;
  std::exception_ptr error_;
};

MetadataReader::MetadataReader(const Index& index, std::size_t limit, bool with_owner,
                               const TryRun& try_run)
    : try_run_(try_run), shared_(std::make_shared<Shared>(index, limit, with_owner)) {}

MetadataReader::~MetadataReader() { shared_->Close(); }

void MetadataReader::Add(std::string_view store_key, std::string_view record, ListEntry& entry) {
  if (!shared_->Add({store_key, record, &entry})) return;
  std::function<void()> work = [shared = shared_] { shared->ReadBesides(); };
  try_run_(work);
}

std::array<TextArena, 2> MetadataReader::Finish() {
  shared_->ReadTheRest();
  shared_->Close();
  return shared_->TakeTexts();
}

}  // namespace mkv::s3
