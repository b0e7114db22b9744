// Writes one value to several volumes at once, reading it once, with fixed memory.
//
// Every replica takes the bytes at its own pace out of one ring of buffers; the slowest paces the
// reading of the source. MD5 and CRC32C are computed over the buffers as they pass, of large values
// beside (background_hasher.h). The calling thread does all else: it polls the source's descriptor
// together with libcurl's.
//
// One transfer holds about 1.5 MB whatever the size of the value: a ring of 1 MiB and libcurl's
// upload buffers. Failure: see WriteReplicas().
//
// A small value that is held, with no candidates to spare, goes over a LoopSession
// (loop_replica_write.h): all volumes are waited for, each for as long as it may take to connect
// and to answer (VolumeTimeouts), and nothing is broken off.
#ifndef MKVCORE_VOLUMES_REPLICA_WRITER_H_
#define MKVCORE_VOLUMES_REPLICA_WRITER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mkvcore/volumes/source.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

// What passed through, once complete.
struct ValueDigest {
  std::uint64_t size = 0;
  std::optional<std::array<unsigned char, 16>> md5;  // absent when not asked for
  std::uint32_t crc32c = 0;
};

struct ReplicaWriteResult {
  struct Attempt {
    BlobLocation blob;
    VolumeAnswer answer;
  };
  // Every location that was tried, in order; the ok() ones hold the value. A value that was sent
  // twice may be stored there again later, the same (may_land_again).
  std::vector<Attempt> attempts;
  // Set when `wanted` replicas hold the whole value.
  std::optional<ValueDigest> digest;
};

struct ReplicaWriteRequest {
  // Where the replicas may go, best first; the first `wanted` are tried, the others step in.
  std::vector<BlobLocation> candidates;
  std::size_t wanted = 3;
  bool md5 = true;
  // Called before anything is sent to a location beyond the first `wanted`, so that the index can
  // note it; on the calling thread.
  std::function<void(const BlobLocation&)> before_extra;
  // Called once, when `wanted` volumes are connected and before the first byte is read from the
  // source: the moment to send a client its 100 Continue. May be empty. Not called for a source
  // that is held(): nothing is read from it.
  std::function<void()> before_read;
  // Called again and again, at least once a second, until the write ends; on the calling thread.
  // What it throws ends the write, as what the source throws does. May be empty.
  std::function<void()> meanwhile;
};

// Writes `source` to `wanted` volumes. Called from any thread; blocks.
//
// A volume that can not be reached, or that fails while the value can still be sent again, is
// replaced by the next candidate: always when the source is held(), else as long as what was read
// still lies in the ring, whole. Later the first failure ends the write, as does running out of
// candidates: the other transfers are broken off (nginx discards an incomplete body), and `digest`
// is empty. A volume fails when it answers anything but 201 or 204, when it answers before it has
// the value, and when it exceeds VolumeTimeouts: connect, stall, answer. The order of the
// candidates is the caller's; what was learnt about them goes to VolumeHealth.
//
// Throws what the source and `meanwhile` throw, and SourceError when the source has not the length
// that it said, after breaking off as well; `attempts` then can not be returned, so callers note
// all candidates beforehand (the intent). A source that throws leaves no file on any volume,
// however late it does; `meanwhile` may. Throws std::invalid_argument for fewer candidates than
// `wanted` and for what is no blob path.
ReplicaWriteResult WriteReplicas(VolumeClient& client, Source& source,
                                 const ReplicaWriteRequest& request);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_REPLICA_WRITER_H_
