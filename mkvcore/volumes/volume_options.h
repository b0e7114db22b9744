// How to talk to the volume servers: every time-out and limit of the HTTP client, with its default.
#ifndef MKVCORE_VOLUMES_VOLUME_OPTIONS_H_
#define MKVCORE_VOLUMES_VOLUME_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mkv {

struct VolumeTimeouts {
  std::chrono::milliseconds head{1000};  // a whole HEAD: -voltimeout
  // To connect, for anything. A packet that is lost is sent again after a second (RFC 6298, 2.1),
  // and must not fail a write.
  std::chrono::milliseconds connect{3000};
  std::chrono::milliseconds remove{5000};  // a whole DELETE
  std::chrono::milliseconds stall{30000};  // a transfer that moves no byte for so long has failed
  // Where whoever reads has taken so much of the time of a GET that breaks off, the volume may have
  // given up a slow reader and is no worse for it (nginx's send_timeout: 60 s).
  std::chrono::milliseconds held_up{30000};
  // From the last byte of a PUT to its answer. To it comes the time in which `copy_rate` copies the
  // value, for nginx copies instead of renaming when a subvolume is a disk of its own and the
  // temporary files lie on another.
  std::chrono::milliseconds answer{10000};
  std::uint64_t copy_rate = 50 << 20;  // bytes a second
};

struct VolumeOptions {
  VolumeTimeouts timeouts;
  // Sent as `X-Mkv-Volume-Key` when not empty: volumes that know it take writes and listings from
  // nobody else.
  std::string key;
  // https instead of http, for all volumes; their certificates must be good for the hosts in their
  // names, by the authorities in the PEM file `authorities` (empty: those of the machine).
  bool tls = false;
  std::string authorities;
  // A folder with the sockets of the volumes on this machine (local_sockets.h); empty: all are
  // reached by TCP.
  std::string sockets;
  const char* scheme() const { return tls ? "https" : "http"; }
  // A longer directory listing is a failure. A million entries take 100 to 350 MB; a thread of
  // `rebuild` or `check` asks for sixteen at once.
  std::size_t listing_bytes = std::size_t{512} << 20;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_OPTIONS_H_
