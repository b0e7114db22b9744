// Virtual-host style: the bucket in the Host header. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_HOST_H_
#define S3API_PROTOCOL_HOST_H_

#include <string>
#include <string_view>

namespace mkv::s3 {

// The bucket that `host` names under `domain` (-domain), in lower case; empty when the host is the
// domain itself, is not under it, or there is no domain (path style). A port and a final dot do not
// matter; names are compared without regard to case (RFC 9110 section 4.2.3).
std::string VirtualBucket(std::string_view host, std::string_view domain);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_HOST_H_
