// A blob of one volume as a Source: what a copy from volume to volume reads, with fixed memory.
//
// The constructor blocks until the volume has answered; Read() does not block. The volume is asked
// for no more than is read. Not thread-safe, but not bound to a thread.
#ifndef MKVCORE_VOLUMES_BLOB_SOURCE_H_
#define MKVCORE_VOLUMES_BLOB_SOURCE_H_

#include <chrono>
#include <memory>
#include <string>

#include "mkvcore/volumes/pollable_session.h"
#include "mkvcore/volumes/session_pool.h"
#include "mkvcore/volumes/source.h"
#include "mkvcore/volumes/volume_client.h"
#include "mkvcore/volumes/volume_request.h"

namespace mkv {

class BlobSource : public Source {
 public:
  // Throws SourceError when the volume does not begin to answer with the blob within
  // VolumeTimeouts::stall. `range`, as in "bytes=" RANGE, asks for a part of it. `client` outlives
  // the source.
  BlobSource(VolumeClient& client, BlobLocation blob, const std::string& range = "");
  ~BlobSource() override;

  std::optional<std::uint64_t> size() const override { return size_; }
  const BlobLocation& blob() const { return blob_; }
  // The Last-Modified of the blob, seconds since the epoch.
  std::optional<std::int64_t> last_modified() const { return last_modified_; }

  // Throws SourceError when the blob ends early, or the volume sends nothing for
  // VolumeTimeouts::stall while we wait.
  Chunk Read(std::span<char> buffer) override;
  int poll_fd() const override;
  short poll_events() const override;

 private:
  using Clock = PollableSession::Clock;

  VolumeRequest::Taken Take(std::string_view piece);
  void RequireProgress();
  // Tells health of it and throws.
  [[noreturn]] void Fail(const std::string& why);
  [[noreturn]] void ThrowUnreadable(const std::string& why) const;

  VolumeClient& client_;
  const BlobLocation blob_;
  SessionPool<PollableSession>::Lease session_;
  std::unique_ptr<VolumeRequest> request_;
  std::optional<std::uint64_t> size_;
  std::optional<std::int64_t> last_modified_;
  std::span<char> room_;   // left in the buffer of the Read() under way
  std::string left_over_;  // of a piece that did not fit
  bool paused_ = false;    // libcurl has more
  std::uint64_t received_ = 0;
  Clock::time_point waiting_since_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_BLOB_SOURCE_H_
