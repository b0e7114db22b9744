#include "s3api/multipart/part_stager.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/generation_clock.h"
#include "mkvcore/volumes/background_hasher.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_client.h"
#include "s3api/checksum/checksum.h"
#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

using Chunks = StagedPart::Chunks;

// How long a source is left alone while it has nothing (see Source::poll_fd()).
constexpr int kPollMilliseconds = 1000;

S3Error SlowDownError() {
  return S3Error(ErrorCode::kSlowDown,
                 "There is no room for the part now, neither in memory nor on a volume.")
      .Header("Retry-After", "1");
}

// Less is hashed by the worker that reads it.
constexpr std::uint64_t kBesideFrom = 256 << 10;
// So far the hashing may be behind: a tenth of a second at most for eight parts on one thread.
constexpr std::uint64_t kMostUnhashed = 16 << 20;

// Computes what is to be known of a part while its bytes are read. Those read before SettleDown()
// have to stay where they are until then, or until this ends: they are hashed beside the reading,
// together with those of other parts.
class HashedSource : public Source {
 public:
  HashedSource(Source& source, HashingThreads& threads, std::optional<ChecksumAlgorithm> checksum)
      : source_(source), alone_(/*md5=*/true) {
    if (checksum) checksum_.emplace(*checksum);
    if (source.size() < kBesideFrom) return;
    try {
      background_.emplace(threads, /*md5=*/true);
      hasher_ = nullptr;
    } catch (const std::system_error&) {
      // No more threads: this one hashes.
    }
  }

  void SettleDown() {
    if (hasher_ == nullptr) hasher_ = &background_->Finish();
  }

  std::optional<std::uint64_t> size() const override { return source_.size(); }
  int poll_fd() const override { return source_.poll_fd(); }
  short poll_events() const override { return source_.poll_events(); }

  Chunk Read(std::span<char> buffer) override {
    const Chunk chunk = source_.Read(buffer);
    if (chunk.state != State::kData) return chunk;
    const std::string_view bytes(buffer.data(), chunk.bytes);
    if (hasher_ != nullptr) {
      hasher_->Update(bytes);
    } else {
      background_->Update(bytes);
      if (background_->given() > background_->done() + kMostUnhashed) {
        background_->AwaitPast(background_->given() - kMostUnhashed);
      }
    }
    if (checksum_) checksum_->Update(bytes);
    return chunk;
  }

  // Once, at the end.
  PartFacts TakeFacts() {
    SettleDown();
    PartFacts facts;
    facts.size = hasher_->size();
    const auto md5 = hasher_->TakeMd5().value();
    facts.md5.assign(md5.begin(), md5.end());
    facts.crc32c = hasher_->crc32c();
    if (checksum_) facts.checksum = checksum_->Finish();
    facts.mtime_us = WallClockMicros();
    return facts;
  }

 private:
  Source& source_;
  ValueHasher alone_;
  ValueHasher* hasher_ = &alone_;  // null while background_ has it
  std::optional<BackgroundHasher> background_;
  std::optional<Checksum> checksum_;
};

// What was taken into memory, given back as it is read, and then the rest of the source.
class SpillSource : public Source {
 public:
  SpillSource(Chunks chunks, std::uint64_t held, Source& rest)
      : chunks_(std::move(chunks)), held_(held), rest_(rest) {}

  std::optional<std::uint64_t> size() const override { return rest_.size(); }
  int poll_fd() const override { return read_ < held_ ? -1 : rest_.poll_fd(); }
  short poll_events() const override { return rest_.poll_events(); }

  Chunk Read(std::span<char> buffer) override {
    if (read_ == held_) return rest_.Read(buffer);
    PartMemory::Chunk& chunk = chunks_[next_chunk_];
    const auto left_in_chunk = static_cast<std::size_t>(
        std::min<std::uint64_t>(chunk.bytes().size() - in_chunk_, held_ - read_));
    const std::size_t bytes = std::min(buffer.size(), left_in_chunk);
    std::memcpy(buffer.data(), chunk.bytes().data() + in_chunk_, bytes);
    read_ += bytes;
    in_chunk_ += bytes;
    if (bytes == left_in_chunk) {
      const PartMemory::Chunk given_back = std::move(chunk);
      ++next_chunk_;
      in_chunk_ = 0;
    }
    return {State::kData, bytes};
  }

 private:
  Chunks chunks_;
  const std::uint64_t held_;
  Source& rest_;
  std::uint64_t read_ = 0;  // of held_
  std::size_t next_chunk_ = 0;
  std::size_t in_chunk_ = 0;
};

Source::Chunk ReadBlocking(Source& source, std::span<char> buffer,
                           const std::function<void()>& meanwhile) {
  while (true) {
    if (meanwhile) meanwhile();
    const Source::Chunk chunk = source.Read(buffer);
    if (chunk.state != Source::State::kWouldBlock) return chunk;
    pollfd ready{source.poll_fd(), source.poll_events(), 0};
    ::poll(&ready, ready.fd >= 0 ? 1 : 0, kPollMilliseconds);
  }
}

// The end of a source of which all bytes were read: what follows them (a trailer) is checked there.
void ReadEnd(Source& source, const std::function<void()>& meanwhile) {
  std::array<char, 4096> scratch;
  if (ReadBlocking(source, scratch, meanwhile).state != Source::State::kEnd) {
    throw SourceError("the part is longer than it said");
  }
}

}  // namespace

std::shared_ptr<StagedPart> PartStager::Stage(Source& source, std::string_view upload_id,
                                              std::optional<ChecksumAlgorithm> checksum,
                                              const std::function<void()>& meanwhile) {
  const std::uint64_t size = source.size().value();
  Chunks chunks;
  HashedSource hashed(source, store_.volumes().hashing_threads(), checksum);  // ends before these
  std::uint64_t held = 0;
  while (held < size) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(size - held, PartMemory::kChunkBytes));
    std::optional<PartMemory::Chunk> chunk = memory_.TakeChunk(wanted);
    if (!chunk) break;
    const std::span<char> room = chunk->bytes().first(wanted);
    chunks.push_back(*std::move(chunk));
    for (std::size_t filled = 0; filled < wanted;) {
      const Source::Chunk read = ReadBlocking(hashed, room.subspan(filled), meanwhile);
      if (read.state == Source::State::kEnd) throw SourceError("the part is shorter than it said");
      filled += read.bytes;
    }
    held += wanted;
  }
  if (held == size) {
    ReadEnd(source, meanwhile);
    return std::make_shared<StagedPart>(hashed.TakeFacts(), std::move(chunks));
  }

  hashed.SettleDown();  // for the chunks are given back, and the rest passes through a ring
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const TransferSlots::Slot slot = slots_.Take([deadline, &meanwhile] {
    if (meanwhile) meanwhile();
    if (std::chrono::steady_clock::now() >= deadline) throw SlowDownError();
  });
  SpillSource all(std::move(chunks), held, hashed);
  const std::string key = std::string(kStagedPrefix)
                              .append(upload_id)
                              .append(1, '/')
                              .append(std::to_string(++last_file_));
  std::unique_ptr<StagedBlob> blob = store_.Stage(key, all, meanwhile);
  if (!blob) throw SlowDownError();
  return std::make_shared<StagedPart>(hashed.TakeFacts(), std::move(blob));
}

}  // namespace mkv::s3
