// One replica on its way: the PUT of a feed to one volume.
//
// Belongs to the thread of its session. The feed outlives it.
#ifndef MKVCORE_VOLUMES_REPLICA_TRANSFER_H_
#define MKVCORE_VOLUMES_REPLICA_TRANSFER_H_

#include <chrono>
#include <cstdint>

#include "mkvcore/volumes/replica_feed.h"
#include "mkvcore/volumes/volume_request.h"

namespace mkv {

class ReplicaTransfer {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Connection { kAny, kFresh };

  ReplicaTransfer(CurlSession& session, const BlobLocation& blob, const ReplicaFeed& feed,
                  Connection connection);

  void Start();

  // The volume has been connected and waits for the value.
  bool connected() const { return connected_; }
  // libcurl has taken everything before this.
  std::uint64_t position() const { return position_; }

  // Goes on when it had to wait for the feed and there is something now; true when it does.
  bool Resume();
  // Ends the transfer when it is over before libcurl says so: the volume answered early (libcurl
  // does not end an upload that is paused), or is overdue.
  void EndIfOver(Clock::time_point now);
  void BreakOff(std::string_view why) { request_.BreakOff(why); }
  // When it is overdue unless something moves before.
  Clock::time_point deadline() const;

  bool done() const { return request_.done(); }
  // Once done(): what became of it. ok() only when the volume has the whole value.
  VolumeAnswer Answer() const;
  bool reused_connection() const { return request_.reused_connection(); }
  bool connection_died() const { return request_.connection_died(); }
  // libcurl itself sent the value again, for the connection died under it: the volume may have
  // received it before.
  bool sent_before() const { return sent_before_; }

 private:
  static std::size_t OnRead(char* buffer, std::size_t size, std::size_t count, void* self) noexcept;
  static int OnSeek(void* self, curl_off_t offset, int origin) noexcept;
  bool AllTaken() const { return feed_.EndsAt(position_); }

  const ReplicaFeed& feed_;
  const VolumeTimeouts timeouts_;
  std::uint64_t position_ = 0;
  bool connected_ = false;
  bool paused_ = false;
  bool sent_before_ = false;
  bool overdue_ = false;
  Clock::time_point moved_;
  VolumeRequest request_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_REPLICA_TRANSFER_H_
