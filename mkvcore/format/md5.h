// MD5 of short strings, as names and placement need it: no allocation, no algorithm look-up per
// call. (Values are hashed as they stream, elsewhere.)
//
// Thread-safe.
#ifndef MKVCORE_FORMAT_MD5_H_
#define MKVCORE_FORMAT_MD5_H_

#include <array>
#include <string_view>

namespace mkv {

using Md5Digest = std::array<unsigned char, 16>;

// Of `first` followed by `second`.
Md5Digest Md5(std::string_view first, std::string_view second = {});

}  // namespace mkv

#endif  // MKVCORE_FORMAT_MD5_H_
