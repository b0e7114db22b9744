// Which volumes a key belongs on: rendezvous hashing, exactly as the original does it.
//
// The score of a volume is md5(key + volume name); volumes are ordered by score, greatest first,
// and the first `replicas` hold the key. With more than one subvolume an entry is `name/svXX`, XX
// two upper-case hex digits of (big-endian u32 of score bytes 12..15) mod subvolumes; with one,
// `name`.
//
// Immutable, hence thread-safe.
#ifndef MKVCORE_FORMAT_PLACEMENT_H_
#define MKVCORE_FORMAT_PLACEMENT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mkv {

class Placement {
 public:
  // Throws std::invalid_argument, with a message for people, when there are fewer volumes than
  // replicas, no replica, no subvolume or more than 256, or a name that can not be in a record
  // (empty, with a comma, a space, `@`, `/`, ...) or is listed twice.
  Placement(std::vector<std::string> volumes, std::size_t replicas, std::size_t subvolumes);

  // Every volume for `key`, best first.
  std::vector<std::string> Order(std::string_view key) const;
  // The first `replicas` of Order(): what the index record of a balanced key holds.
  std::vector<std::string> Choose(std::string_view key) const;

  const std::vector<std::string>& volumes() const { return volumes_; }
  std::size_t replicas() const { return replicas_; }
  std::size_t subvolumes() const { return subvolumes_; }
  // "" for one subvolume, else "/sv00" and so on: the folders of one volume.
  std::vector<std::string> SubvolumeFolders() const;

 private:
  std::vector<std::string> Take(std::string_view key, std::size_t count) const;

  std::vector<std::string> volumes_;
  std::size_t replicas_;
  std::size_t subvolumes_;
};

// `svXX`: a folder of a volume of several subvolumes.
bool IsSubvolumeName(std::string_view name);

}  // namespace mkv

#endif  // MKVCORE_FORMAT_PLACEMENT_H_
