// One request of a LoopVolumeClient, and who carries it to a volume.
#ifndef MKVCORE_VOLUMES_LOOP_REQUEST_H_
#define MKVCORE_VOLUMES_LOOP_REQUEST_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "mkvcore/volumes/volume_answer.h"

namespace mkv {

struct LoopRequest {
  enum class Method { kHead, kGet, kPut, kDelete };
  // `value` is what a GET got. Of an answer that was longer than expected, `error` says so.
  using Done = std::function<void(const VolumeAnswer& answer, std::string value)>;

  Method method = Method::kHead;
  BlobLocation blob;
  std::shared_ptr<const std::string> body;  // of a PUT
  std::size_t expected = 0;                 // of a GET: more is not taken
  std::chrono::milliseconds time_out{0};    // for all of it, connecting included
  bool renewed = false;                     // time_out begins anew with each piece of the value
  Done done;
};

// On one loop, used on its thread.
class LoopTransport {
 public:
  virtual ~LoopTransport() = default;  // drops what is under way: Done does not run

  // `request.done` runs once, from the loop and never inside this call. It may start another
  // request, and may destroy the transport. A volume that was told to change something may still do
  // so unless the answer says kNeverSent. An answer that leaves in doubt what a first try will do
  // is kUnanswered, with its status and no error.
  virtual void Start(LoopRequest request) = 0;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOOP_REQUEST_H_
