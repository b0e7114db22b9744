#include "mkvcore/store/garbage_deletion.h"

#include <algorithm>
#include <set>

#include "mkvcore/store/generation_clock.h"

namespace mkv {

namespace {

std::string PathOf(const DoomedBlob& doomed) {
  return doomed.blob->original_spelling() ? OriginalBlobPath(doomed.key)
                                          : BlobPath(doomed.key, doomed.blob->generation());
}

// nginx answers a DELETE with 409 when a part of the path is a file where a folder is named, or the
// other way round (ngx_http_dav_delete_handler: ENOTDIR, EISDIR): there is no such file. Happens to
// the rare keys whose paths are in each other's way.
bool IsNoFile(const VolumeAnswer& answer) {
  return answer.delivery == VolumeAnswer::Delivery::kAnswered && answer.status == 409;
}

// What one place's answers (for the blob, and for the sidecar if there is one) come to.
void Note(format::PendingBlob::Place& place, bool answered, bool gone, bool unanswered,
          std::chrono::milliseconds settle_delay, bool* done) {
  *done = false;
  if (unanswered) {
    place.set_unanswered(true);
    place.set_answered_at_us(0);
    return;
  }
  if (!answered || !gone) return;
  if (!place.unanswered()) {
    *done = true;
    return;
  }
  const std::int64_t now = WallClockMicros();
  if (place.answered_at_us() == 0) {
    place.set_answered_at_us(now);
  } else if (now - place.answered_at_us() >= std::chrono::microseconds(settle_delay).count()) {
    *done = true;
  }
}

}  // namespace

PlaceRound::PlaceRound(Method method, const std::vector<DoomedBlob>& doomed,
                       const PlaceFilter& filter)
    : method_(method) {
  for (const DoomedBlob& one : doomed) {
    const std::string path = PathOf(one);
    for (int i = 0; i < one.blob->places_size(); ++i) {
      const format::PendingBlob::Place& place = one.blob->places(i);
      if (filter && !filter(place)) continue;
      const std::size_t before = files_.size();
      if (!one.blob->only_sidecar()) files_.push_back({place.volume(), path});
      if (one.blob->sidecar()) {
        files_.push_back({place.volume(), SidecarPath(one.key, one.blob->generation())});
      }
      requests_.push_back({one.blob, i, static_cast<int>(files_.size() - before)});
    }
  }
}

void PlaceRound::NoteAnswers(std::span<const VolumeAnswer> answers,
                             std::chrono::milliseconds settle_delay) {
  // From the last place to the first, so that those not yet looked at keep their position.
  std::size_t next_answer = answers.size();
  for (std::size_t at = requests_.size(); at-- > 0;) {
    const Request& request = requests_[at];
    bool answered = true;
    bool gone = true;
    bool unanswered = false;
    for (int i = 0; i < request.files; ++i) {
      const VolumeAnswer& answer = answers[--next_answer];
      answered &= answer.delivery == VolumeAnswer::Delivery::kAnswered;
      unanswered |= answer.delivery == VolumeAnswer::Delivery::kUnanswered;
      gone &= answer.ok() || answer.missing() || IsNoFile(answer) || method_ == Method::kHead;
    }
    bool done = false;
    Note(*request.blob->mutable_places(request.place), answered, gone, unanswered, settle_delay,
         &done);
    if (done) request.blob->mutable_places()->DeleteSubrange(request.place, 1);
  }
}

void DeleteBlobs(VolumeClient& volumes, const std::vector<DoomedBlob>& doomed,
                 std::chrono::milliseconds settle_delay, const PlaceFilter& filter) {
  PlaceRound round(PlaceRound::Method::kDelete, doomed, filter);
  if (!round.files().empty()) round.NoteAnswers(volumes.Delete(round.files()), settle_delay);
}

void AwaitSettled(VolumeClient& volumes, const std::vector<DoomedBlob>& blobs,
                  std::chrono::milliseconds settle_delay, const PlaceFilter& filter) {
  PlaceRound round(PlaceRound::Method::kHead, blobs, filter);
  if (!round.files().empty()) round.NoteAnswers(volumes.Head(round.files()), settle_delay);
}

void ReplacePending(KeyState& state, const format::PendingBlob& blob) {
  format::PendingBlob* kept = state.FindPending(blob.id());
  if (kept == nullptr) return;
  // Volumes that were forgotten meanwhile stay forgotten.
  std::set<std::string> known;
  for (const format::PendingBlob::Place& place : kept->places()) known.insert(place.volume());
  *kept = blob;
  auto& places = *kept->mutable_places();
  places.erase(std::remove_if(places.begin(), places.end(),
                              [&known](const format::PendingBlob::Place& place) {
                                return !known.contains(place.volume());
                              }),
               places.end());
  if (places.empty()) state.RemovePending(blob.id());
}

}  // namespace mkv
