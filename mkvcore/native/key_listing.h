// `GET /PREFIX?list` and `?unlinked`, with `start` and `limit`: the keys under a prefix as the
// original lists them, `{"next":"","keys":[...]}` in order of their bytes.
#ifndef MKVCORE_NATIVE_KEY_LISTING_H_
#define MKVCORE_NATIVE_KEY_LISTING_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/handler.h"
#include "mkvcore/index/index.h"

namespace mkv {

struct KeyListingQuery {
  bool unlinked = false;
  std::string start;
  std::int64_t limit = 0;                             // 0 or less: no limit
  std::function<bool(std::string_view key)> visible;  // empty: all are
};

// The status to answer with when the query is no listing: 400 for a bad limit, 403 for an unknown
// operation. The operation is the exact first token of the raw query.
struct KeyListingRequest {
  int status = 200;
  KeyListingQuery query;
};
KeyListingRequest ParseKeyListing(std::string_view raw_query);

// More keys than this, and the client is told to give a limit (413).
inline constexpr std::int64_t kMaxListedKeys = 1'000'000;

// Answers on a worker, in pieces: memory does not grow with the listing.
void ListKeys(const Index& index, std::string_view prefix, const KeyListingQuery& query,
              http::Transfer& transfer);

}  // namespace mkv

#endif  // MKVCORE_NATIVE_KEY_LISTING_H_
