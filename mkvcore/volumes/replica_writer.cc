#include "mkvcore/volumes/replica_writer.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "mkvcore/volumes/background_hasher.h"
#include "mkvcore/volumes/blob_path_guard.h"
#include "mkvcore/volumes/curl_session.h"
#include "mkvcore/volumes/loop_replica_write.h"
#include "mkvcore/volumes/loop_session.h"
#include "mkvcore/volumes/replica_feed.h"
#include "mkvcore/volumes/replica_transfer.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {
namespace {

using Clock = std::chrono::steady_clock;
using Delivery = VolumeAnswer::Delivery;

// How far the source may be ahead of the slowest volume, and of the hashing. More does not make it
// faster.
constexpr std::uint64_t kRing = 1 << 20;
// Read at a time, so that volumes get the first bytes while the next are read and hashed.
constexpr std::size_t kPiece = 256 << 10;
// The source is asked again after this even when its descriptor is silent: it keeps deadlines.
constexpr std::chrono::seconds kSourcePatience{1};

// One more than a value that fits, so that its end can be read while all of it lies in the ring.
std::size_t RingCapacity(std::optional<std::uint64_t> size) {
  if (!size || *size >= kRing) return kRing;
  return static_cast<std::size_t>(*size) + 1;
}

class ReplicaWrite {
 public:
  ReplicaWrite(VolumeClient& client, Source& source, const ReplicaWriteRequest& request)
      : client_(client),
        source_(source),
        request_(request),
        session_(client.sessions().Borrow()),
        hasher_(request.md5) {
    if (const auto value = source.held()) {
      feed_ = std::make_unique<HeldFeed>(*value);
    } else {
      // An announced length of 0 would let nginx store the file before the source has said that it
      // is complete; sent chunked, it waits for the last chunk.
      const auto size = source.size() == 0 ? std::nullopt : source.size();
      auto ring = std::make_unique<RingFeed>(size, RingCapacity(size));
      ring_ = ring.get();
      feed_ = std::move(ring);
      if (!size || *size >= kRing) HashInBackground();
    }
  }

  ReplicaWriteResult Run() {
    slots_.resize(request_.wanted);
    for (Slot& slot : slots_) StartNext(slot);
    session_->Perform();
    if (ring_ == nullptr) hasher_.Update(*source_.held());  // while the volumes receive it
    while (true) {
      if (request_.meanwhile) request_.meanwhile();
      session_->Perform();
      if (!SettleAll()) return Fail();
      if (AllStored()) return Succeed();
      const bool read = ReadAhead();
      if (!ResumeAll() && !read) Wait();
    }
  }

 private:
  // The place of one of the wanted replicas: one candidate after the other, until one holds it.
  struct Slot {
    std::unique_ptr<ReplicaTransfer> transfer;
    std::size_t attempt = 0;  // in result_.attempts
    bool sent_again = false;
    VolumeAnswer first_try;  // when sent_again: how the first one ended
    bool settled = false;    // the answer of the attempt is known
    bool stored = false;
  };

  void HashInBackground() {
    try {
      background_.emplace(client_.hashing_threads(), request_.md5);
    } catch (const std::system_error&) {
      // No more threads: this one hashes, as it does small values.
    }
  }
  void Hash(std::string_view bytes) {
    if (background_) {
      background_->Update(bytes);
    } else {
      hasher_.Update(bytes);
    }
  }

  BlobLocation& BlobOf(const Slot& slot) { return result_.attempts[slot.attempt].blob; }

  bool StartNext(Slot& slot) {
    if (next_candidate_ == request_.candidates.size()) return false;
    const BlobLocation& blob = request_.candidates[next_candidate_++];
    if (next_candidate_ > request_.wanted && request_.before_extra) request_.before_extra(blob);
    slot.attempt = result_.attempts.size();
    slot.sent_again = false;
    slot.settled = false;
    result_.attempts.push_back({blob, {}});
    Start(slot, ring_ == nullptr ? ReplicaTransfer::Connection::kAny
                                 : ReplicaTransfer::Connection::kFresh);
    return true;
  }

  void Start(Slot& slot, ReplicaTransfer::Connection connection) {
    slot.transfer = std::make_unique<ReplicaTransfer>(*session_, BlobOf(slot), *feed_, connection);
    slot.transfer->Start();
  }

  // Every byte of the value so far can still be sent to another volume.
  bool CanStartOver() const { return ring_ == nullptr || ring_->tail() == 0; }

  // False when the write has failed.
  bool SettleAll() {
    for (Slot& slot : slots_) {
      if (slot.stored) continue;
      slot.transfer->EndIfOver(Clock::now());
      if (slot.transfer->done() && !Settle(slot)) return false;
    }
    return true;
  }

  bool Settle(Slot& slot) {
    const VolumeAnswer answer = slot.transfer->Answer();
    // The volume may just have closed an idle connection. libcurl notices most of these itself, but
    // not when sending the body fails. A volume that lets a deadline pass is not asked twice: it
    // has the value, and may store it at any time.
    if (slot.transfer->connection_died() && slot.transfer->reused_connection() &&
        !slot.sent_again && ring_ == nullptr) {
      slot.sent_again = true;
      slot.first_try = answer;
      Start(slot, ReplicaTransfer::Connection::kFresh);
      return true;
    }
    Report(slot, answer);
    Note(slot, answer);
    slot.settled = true;
    slot.stored = answer.ok();
    return slot.stored || (CanStartOver() && StartNext(slot));
  }

  // The answer of the attempt. Of two tries either may have left a file: only that it was stored
  // outweighs that the first was never answered.
  void Note(const Slot& slot, const VolumeAnswer& answer) {
    VolumeAnswer& noted = result_.attempts[slot.attempt].answer;
    noted = answer;
    const bool first_unanswered =
        (slot.sent_again && slot.first_try.delivery == Delivery::kUnanswered) ||
        slot.transfer->sent_before();
    if (!first_unanswered) return;
    noted.may_land_again = true;
    if (!answer.ok()) noted.delivery = Delivery::kUnanswered;
  }

  void Report(const Slot& slot, const VolumeAnswer& answer) {
    const std::string& volume = BlobOf(slot).volume;
    if (answer.delivery != Delivery::kAnswered) {
      client_.health().Failed(volume, answer.error);
      if (answer.overdue) client_.health().OverduePut(volume);
      return;
    }
    client_.health().Answered(volume);
    client_.health().AnsweredPut(volume, answer.status);
  }

  bool AllStored() const {
    return std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.stored; });
  }

  bool AllConnected() const {
    return std::all_of(slots_.begin(), slots_.end(),
                       [](const Slot& slot) { return slot.transfer->connected(); });
  }

  // True when a transfer goes on that had to wait.
  bool ResumeAll() {
    bool resumed = false;
    for (Slot& slot : slots_) resumed |= slot.transfer->Resume();
    return resumed;
  }

  // What every volume has been sent.
  std::uint64_t SlowestPosition() const {
    std::uint64_t slowest = ring_->head();
    for (const Slot& slot : slots_) slowest = std::min(slowest, slot.transfer->position());
    return slowest;
  }

  // Makes room for what follows what every volume has been sent and what is hashed.
  void Release() {
    const std::uint64_t sent = SlowestPosition();
    if (!background_) return ring_->Release(sent);
    ring_->Release(std::min(sent, background_->done()));
    // Nothing tells poll(2) of the hashing. It goes on by turns of a fraction of a millisecond
    // each.
    while (!HasRoom() && ring_->tail() < sent) {
      background_->AwaitPast(ring_->tail());
      ring_->Release(std::min(sent, background_->done()));
    }
  }
  // Not for dribs and drabs; but the byte that is kept back must not stop the reading.
  bool HasRoom() const { return ring_->free() >= kPiece / 4 || ring_->tail() + 1 >= ring_->head(); }

  // Reads a piece of the source when there is room for it. False: nothing new for now.
  bool ReadAhead() {
    wants_source_ = false;
    if (ring_ == nullptr || ring_->complete()) return false;
    if (!reading_) {
      if (!AllConnected()) return false;
      reading_ = true;
      if (request_.before_read) request_.before_read();
    }
    if (ring_->free() == 0 || ring_->tail() > 0) {
      Release();
      if (!HasRoom()) return false;
    }
    wants_source_ = true;
    if (source_blocks_until_ > Clock::now()) return false;

    std::span<char> room = ring_->Room();
    room = room.first(std::min(room.size(), kPiece));
    const Source::Chunk chunk = source_.Read(room);
    switch (chunk.state) {
      case Source::State::kWouldBlock:
        source_blocks_until_ = Clock::now() + kSourcePatience;
        return false;
      case Source::State::kData:
        Hash({room.data(), chunk.bytes});
        ring_->Filled(chunk.bytes);
        RequireAnnouncedSize(/*complete=*/false);
        return true;
      case Source::State::kEnd:
        RequireAnnouncedSize(/*complete=*/true);
        ring_->Complete();
        return true;
    }
    return false;
  }

  void RequireAnnouncedSize(bool complete) const {
    const auto size = source_.size();
    const std::uint64_t read = ring_->head();
    if (!size || (complete ? read == *size : read <= *size)) return;
    throw SourceError("the value has " + std::string(complete ? "only " : "at least ") +
                      std::to_string(read) + " bytes, not " + std::to_string(*size));
  }

  // Until a volume takes or answers something, the source has something, or a deadline is over.
  void Wait() {
    const auto now = Clock::now();
    auto until = now + kSourcePatience;
    for (const Slot& slot : slots_) {
      if (!slot.stored) until = std::min(until, slot.transfer->deadline());
    }
    if (wants_source_) until = std::min(until, source_blocks_until_);
    const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    if (!wants_source_ || source_.poll_fd() < 0) return session_->Wait(timeout);

    curl_waitfd source_fd{};
    source_fd.fd = source_.poll_fd();
    if (source_.poll_events() & POLLIN) source_fd.events |= CURL_WAIT_POLLIN;
    if (source_.poll_events() & POLLOUT) source_fd.events |= CURL_WAIT_POLLOUT;
    session_->Wait(timeout, &source_fd);
    // libcurl does not hand on POLLHUP and POLLERR.
    pollfd ready{source_.poll_fd(), source_.poll_events(), 0};
    if (poll(&ready, 1, 0) > 0) source_blocks_until_ = {};
  }

  ReplicaWriteResult Succeed() {
    ValueHasher& hasher = background_ ? background_->Finish() : hasher_;
    result_.digest = ValueDigest{hasher.size(), hasher.TakeMd5(), hasher.crc32c()};
    return std::move(result_);
  }

  ReplicaWriteResult Fail() {
    for (Slot& slot : slots_) {
      if (slot.settled) continue;
      slot.transfer->BreakOff("broken off, for another replica failed");
      Note(slot, slot.transfer->Answer());
    }
    return std::move(result_);
  }

  VolumeClient& client_;
  Source& source_;
  const ReplicaWriteRequest& request_;
  CurlSessionPool::Lease session_;
  ValueHasher hasher_;
  std::unique_ptr<ReplicaFeed> feed_;
  RingFeed* ring_ = nullptr;                    // feed_, unless the value is held
  std::optional<BackgroundHasher> background_;  // instead of hasher_; after feed_: reads its bytes
  ReplicaWriteResult result_;
  std::vector<Slot> slots_;  // after session_: transfers end before it is given back
  std::size_t next_candidate_ = 0;
  bool reading_ = false;
  bool wants_source_ = false;  // there is room for more
  Clock::time_point source_blocks_until_{};
};

// A small value, and nobody who steps in for a volume that fails: what an event loop can do.
bool IsForLoop(const VolumeClient& client, const Source& source,
               const ReplicaWriteRequest& request) {
  return !client.options().tls && request.candidates.size() == request.wanted &&
         !request.meanwhile && source.held() && source.held()->size() <= kMaxLoopValue;
}

ReplicaWriteResult WriteOverLoopSession(VolumeClient& client, std::string_view value,
                                        const ReplicaWriteRequest& request) {
  const auto result = std::make_shared<std::optional<ReplicaWriteResult>>();
  const auto write = [&](LoopVolumeClient& volumes) {
    WriteReplicasOnLoop(volumes, std::make_shared<const std::string>(value), request,
                        [result](ReplicaWriteResult got) { *result = std::move(got); });
  };
  AskOver(client.loop_sessions(), write, [&] { return result->has_value(); });
  return std::move(**result);
}

}  // namespace

ReplicaWriteResult WriteReplicas(VolumeClient& client, Source& source,
                                 const ReplicaWriteRequest& request) {
  if (request.wanted == 0 || request.candidates.size() < request.wanted) {
    throw std::invalid_argument("fewer candidates than replicas");
  }
  for (const BlobLocation& blob : request.candidates) RequireBlobPath(blob.path);
  if (IsForLoop(client, source, request)) {
    return WriteOverLoopSession(client, *source.held(), request);
  }
  return ReplicaWrite(client, source, request).Run();
}

}  // namespace mkv
