// What is asked of one volume, and what became of it.
#ifndef MKVCORE_VOLUMES_VOLUME_ANSWER_H_
#define MKVCORE_VOLUMES_VOLUME_ANSWER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mkv {

// A file on a volume: `volume` as in an index record (`host:port` or `host:port/sv03`), `path` as
// BlobPath() gives it (begins with '/', its bytes are safe in a URL as they are).
struct BlobLocation {
  std::string volume;
  std::string path;

  // `scheme` is VolumeOptions::scheme(): how a volume is reached is no part of its name.
  std::string Url(std::string_view scheme = "http") const {
    return std::string(scheme) + "://" + volume + path;
  }
};

// What became of one request to one volume.
struct VolumeAnswer {
  enum class Delivery {
    kAnswered,   // the volume answered; `status` is set
    kNeverSent,  // no connection: the volume can not have acted on it
    // Sent, at least in part, and no answer that settles it: it may still be acted on, later.
    kUnanswered,
  };
  Delivery delivery = Delivery::kNeverSent;
  int status = 0;
  std::string error;  // for people: why there is no answer, or why it is of no use
  // A GET that broke off after its reader had held it up (VolumeTimeouts::held_up): what is left
  // can be asked for again, of the same volume.
  bool held_up = false;
  // Unanswered, and the time that the volume had for it (VolumeTimeouts) is over. Not where the
  // connection ended, nor where the request was broken off for another reason.
  bool overdue = false;
  // Of a PUT or DELETE that was sent twice, for its connection died: the volume may have received
  // the first, and may carry it out after this answer, whatever that says.
  bool may_land_again = false;

  // From the answer's headers, when present.
  std::optional<std::uint64_t> content_length;
  std::optional<std::int64_t> last_modified;  // seconds since the epoch

  bool ok() const { return delivery == Delivery::kAnswered && status >= 200 && status < 300; }
  bool missing() const { return delivery == Delivery::kAnswered && status == 404; }
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_ANSWER_H_
