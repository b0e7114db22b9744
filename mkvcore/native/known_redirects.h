// What an event loop remembers of the keys that it redirected lately: all that an answer says but
// for the choice of the replica, and which replicas were seen to be there.
//
// A hot key is read from the index each time, for somebody may have changed it; while the bytes are
// those of last time, nothing is made of them again.
//
// Not thread-safe: one for each loop.
#ifndef MKVCORE_NATIVE_KNOWN_REDIRECTS_H_
#define MKVCORE_NATIVE_KNOWN_REDIRECTS_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/format/placement.h"
#include "mkvcore/http/response.h"
#include "mkvcore/store/object.h"

namespace mkv {

struct KnownRedirect {
  struct Replica {
    BlobLocation location;
    std::optional<EventLoop::Clock::time_point> seen;  // when it last answered for the blob
  };

  // What it was made of.
  ObjectEntries entries;
  std::shared_ptr<const Placement> placement;

  http::Response response;  // the headers that every answer for the key carries
  std::vector<Replica> replicas;
};

class KnownRedirects {
 public:
  // What is known of the key if that was made of these; else null.
  std::shared_ptr<KnownRedirect> Find(const std::string& key, const ObjectEntries& entries,
                                      const std::shared_ptr<const Placement>& placement) const;

  // Makes it of `object`, which is not unlinked and has these entries at one moment, and remembers
  // it; replicas that lie where they lay are as known as they were.
  std::shared_ptr<KnownRedirect> Learn(const Object& object, ObjectEntries entries,
                                       std::shared_ptr<const Placement> placement);

  // Of what is remembered, the headers aside. Beyond it all is forgotten, which costs a HEAD each.
  static constexpr std::size_t kMaxBytes = 16 << 20;

 private:
  std::shared_ptr<KnownRedirect> MadeOf(const std::string& key, const ObjectEntries& entries,
                                        const std::shared_ptr<const Placement>& placement) const;

  std::unordered_map<std::string, std::shared_ptr<KnownRedirect>> known_;
  std::size_t bytes_ = 0;
};

}  // namespace mkv

#endif  // MKVCORE_NATIVE_KNOWN_REDIRECTS_H_
