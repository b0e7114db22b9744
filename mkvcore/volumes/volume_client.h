// Talks HTTP to the volume servers (stock nginx with WebDAV).
//
// Blocking calls for worker threads, each with its own deadline; several volumes are asked at once.
// Thread-safe: every call borrows a session with its warm connections from a pool, a LoopSession
// for what is small and a CurlSession for what streams. Connections are used for at most 30 s, as
// nginx closes them after 75 s or 1,000 requests. No proxy is taken from the environment, no
// redirect is followed, only http and https are spoken.
#ifndef MKVCORE_VOLUMES_VOLUME_CLIENT_H_
#define MKVCORE_VOLUMES_VOLUME_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/volumes/volume_answer.h"
#include "mkvcore/volumes/volume_options.h"

namespace mkv {

class CurlSession;
class HashingThreads;
class LoopSession;
class PollableSession;
class VolumeHealth;
template <typename Session>
class SessionPool;

// One entry of nginx's JSON directory listing (autoindex_format json).
struct ListingEntry {
  std::string name;
  bool is_directory = false;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;  // seconds since the epoch
};

struct Listing {
  VolumeAnswer answer;
  std::vector<ListingEntry> entries;
};

class VolumeClient {
 public:
  // `health` outlives the client; every answer and failure is reported to it.
  VolumeClient(VolumeOptions options, VolumeHealth& health);
  ~VolumeClient();
  VolumeClient(const VolumeClient&) = delete;
  VolumeClient& operator=(const VolumeClient&) = delete;

  const VolumeOptions& options() const { return options_; }
  const VolumeTimeouts& timeouts() const { return options_.timeouts; }
  // As it is asked for: with the scheme that the volumes speak.
  std::string UrlOf(const BlobLocation& blob) const { return blob.Url(options_.scheme()); }

  // One request to each location, all at once; answers in the same order.
  std::vector<VolumeAnswer> Head(std::span<const BlobLocation> blobs);
  // 404 counts as deleted: the answer is handed through, callers decide. A path that is not a
  // blob's (above all one ending in '/') is refused with std::invalid_argument before anything is
  // sent, for nginx removes a folder with all it holds.
  std::vector<VolumeAnswer> Delete(std::span<const BlobLocation> blobs);

  // Reads a blob, or a part of it (`range` as in "bytes=" RANGE), handing it on piece by piece. The
  // sink sees the body of a 2xx answer only, and returns false to stop (the answer then is the one
  // whose body it did not want); what it throws is thrown on. The answer tells whether the body was
  // complete: a transfer cut short is kUnanswered with an error. So is an answer with other bytes
  // than were asked for (200 to a range), of which the sink sees none.
  VolumeAnswer Get(const BlobLocation& blob, const std::string& range,
                   const std::function<bool(std::string_view piece)>& sink);

  // A small file whole (a sidecar), over as long a time as Get(). More than `limit` bytes is a
  // failure.
  VolumeAnswer GetWhole(const BlobLocation& blob, std::size_t limit, std::string* body);

  // What is in each of these folders, all asked at once; answers in the same order. Their paths
  // begin and end with '/' and are raw bytes, as listings spell names: they are escaped here. A
  // folder that is not there is an answered 404 with no entries. A listing that can not be parsed,
  // or is longer than VolumeOptions::listing_bytes, is a failure (kUnanswered).
  std::vector<Listing> List(std::span<const BlobLocation> folders);

  // For those who stream by themselves, and for those who write small values.
  SessionPool<CurlSession>& sessions() { return *sessions_; }
  SessionPool<PollableSession>& pollable_sessions() { return *pollable_sessions_; }
  SessionPool<LoopSession>& loop_sessions() { return *loop_sessions_; }
  // Sessions that nobody has used for kConnectionAge. To be called every now and then.
  void DropIdleSessions();
  HashingThreads& hashing_threads() { return *hashing_threads_; }
  VolumeHealth& health() { return health_; }

 private:
  VolumeOptions options_;
  VolumeHealth& health_;
  std::unique_ptr<HashingThreads> hashing_threads_;
  std::unique_ptr<SessionPool<CurlSession>> sessions_;
  std::unique_ptr<SessionPool<PollableSession>> pollable_sessions_;
  std::unique_ptr<SessionPool<LoopSession>> loop_sessions_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_CLIENT_H_
