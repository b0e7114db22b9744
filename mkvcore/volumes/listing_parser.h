// Reads nginx's JSON directory listings (ngx_http_autoindex_module, autoindex_format json).
#ifndef MKVCORE_VOLUMES_LISTING_PARSER_H_
#define MKVCORE_VOLUMES_LISTING_PARSER_H_

#include <string_view>
#include <vector>

#include "mkvcore/volumes/volume_client.h"

namespace mkv {

// The entries in the order of the listing. Names are the bytes of the file system, which need not
// be UTF-8: nginx escapes control characters, `"` and `\` and leaves the others as they are. Throws
// std::runtime_error, with a message for people, for anything that nginx would not have written.
std::vector<ListingEntry> ParseListing(std::string_view json);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LISTING_PARSER_H_
