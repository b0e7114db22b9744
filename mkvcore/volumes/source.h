// A value on its way in: what a client uploads, a copy of a replica, staged parts. The one shape in
// which bytes enter the data path, so that the writer of replicas does not know where they are
// from.
//
// Not thread-safe: one thread reads it. Sizes are bytes.
#ifndef MKVCORE_VOLUMES_SOURCE_H_
#define MKVCORE_VOLUMES_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

namespace mkv {

// A source that can not be completed, or that is not as long as it said.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Source {
 public:
  enum class State {
    kData,        // `bytes` were read
    kWouldBlock,  // nothing there yet: poll poll_fd() for poll_events()
    kEnd,         // the value is complete
  };
  struct Chunk {
    State state;
    std::size_t bytes = 0;
  };

  virtual ~Source() = default;

  // The number of bytes that the whole value will have, when it is known before it is read.
  virtual std::optional<std::uint64_t> size() const = 0;

  // The whole value, when it is already in memory: it can then be sent again to another volume.
  virtual std::optional<std::string_view> held() const { return std::nullopt; }

  // Reads without blocking. Throws what the kind of source throws when the value can not be
  // completed (client gone, too slow, malformed chunk, wrong signature): the caller then abandons
  // the write, and nothing becomes visible.
  virtual Chunk Read(std::span<char> buffer) = 0;

  // What to poll while Read() says kWouldBlock: a descriptor and its poll(2) events. Callers also
  // call Read() again after at most a second, for the source keeps its own deadlines.
  virtual int poll_fd() const { return -1; }
  virtual short poll_events() const { return 0; }
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_SOURCE_H_
