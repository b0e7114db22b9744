// One attempt to delete pending blobs from their volumes, and what it leaves pending. Shared by the
// native DELETE, which tries at once, and the garbage collector, which tries again.
#ifndef MKVCORE_STORE_GARBAGE_DELETION_H_
#define MKVCORE_STORE_GARBAGE_DELETION_H_

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/store/key_state.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

struct DoomedBlob {
  std::string key;
  format::PendingBlob* blob;
};

// Whether to ask the place now. Empty: all.
using PlaceFilter = std::function<bool(const format::PendingBlob::Place& place)>;

// One round of requests for the files of pending blobs at their places, whoever sends them. The
// blobs outlive it and keep their places until NoteAnswers().
class PlaceRound {
 public:
  enum class Method { kDelete, kHead };

  PlaceRound(Method method, const std::vector<DoomedBlob>& doomed, const PlaceFilter& filter);

  // What to ask for, all at once.
  const std::vector<BlobLocation>& files() const { return files_; }
  // Drops the places that are done with, as DeleteBlobs() tells. `answers`: one for each of
  // files(), in their order. Once.
  void NoteAnswers(std::span<const VolumeAnswer> answers, std::chrono::milliseconds settle_delay);

 private:
  struct Request {
    format::PendingBlob* blob;
    int place;
    int files;  // that are asked for
  };
  const Method method_;
  std::vector<Request> requests_;
  std::vector<BlobLocation> files_;
};

// Sends a DELETE for every blob (and its sidecar, or for that alone) to every place, all at once. A
// place that answered is dropped from its blob, unless a request of ours to it was never answered:
// such a one is dropped only when it answers again `settle_delay` after its first answer, for what
// is still under way to it may land until then. What is left in `blob->places()` is still to be
// done.
void DeleteBlobs(VolumeClient& volumes, const std::vector<DoomedBlob>& doomed,
                 std::chrono::milliseconds settle_delay, const PlaceFilter& filter = {});

// The same for files that must stay, because a record refers to them: the volumes are only asked
// whether they answer (HEAD), until what is under way to them has landed.
void AwaitSettled(VolumeClient& volumes, const std::vector<DoomedBlob>& blobs,
                  std::chrono::milliseconds settle_delay, const PlaceFilter& filter);

// Writes what is left of `blob` back into its key's state: removed when no place is left.
// Places that the key's state does not have any more are not brought back.
void ReplacePending(KeyState& state, const format::PendingBlob& blob);

}  // namespace mkv

#endif  // MKVCORE_STORE_GARBAGE_DELETION_H_
