// Entity tags: which one an object has, and how it is written. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_ETAG_H_
#define S3API_PROTOCOL_ETAG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "index_entries.pb.h"

namespace mkv::s3 {

// Without quotes, as everywhere in this library but on the wire. In this order: the one that
// the metadata names (a multipart upload), the MD5 in hex, else `<mtime in seconds>-<size>`, whose
// dash tells clients that it is no MD5. `hash` is the record's HASH, or empty.
std::string ETagOf(const format::ObjectMetadata& metadata, std::string_view hash);

std::string QuoteETag(std::string_view etag);
// Takes what clients send: quoted or not, with `W/` or without; white space around it.
std::string_view UnquoteETag(std::string_view text);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_ETAG_H_
