// MD5 (RFC 1321) of a value whose bytes come piece by piece; of several such values at once.
//
// By OpenSSL's MD5_Update() (its older interface: only there is the state between two blocks to be
// had), and of several values, where that is faster, by HashMd5Blocks(). Not thread-safe.
#ifndef MKVCORE_VOLUMES_MD5_STREAM_H_
#define MKVCORE_VOLUMES_MD5_STREAM_H_

#include <openssl/md5.h>

#include <array>
#include <span>
#include <string_view>

#include "mkvcore/volumes/md5_lanes.h"

namespace mkv {

class Md5Stream {
 public:
  static constexpr std::size_t kMostTogether = kMd5Lanes;
  // Fewer take as long together as one after the other.
  static std::size_t WorthwhileTogether() { return Md5LanesWorthwhile(); }
  struct Piece {
    Md5Stream* stream;  // each only once
    std::string_view bytes;
  };

  Md5Stream();

  void Update(std::string_view bytes);
  // The same as an Update() of each. At most kMostTogether.
  static void UpdateTogether(std::span<const Piece> pieces);

  // To be called once, at the end.
  std::array<unsigned char, 16> Finish();

 private:
  void SkipWholeBlocks(std::size_t bytes);

  MD5_CTX context_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_MD5_STREAM_H_
