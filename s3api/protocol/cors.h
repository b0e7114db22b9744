// Cross-origin resource sharing: the rules of a bucket, and what they answer to a browser.
//
// Source: "Using cross-origin resource sharing (CORS)", Amazon S3 User Guide; PutBucketCors, Amazon
// S3 API Reference; "CORS protocol", Fetch Standard. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_CORS_H_
#define S3API_PROTOCOL_CORS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkvcore/http/request.h"
#include "s3api/protocol/xml.h"

namespace mkv::s3 {

inline constexpr std::size_t kMaxCorsRules = 100;  // in a body of kMaxSmallBody

struct CorsRule {
  std::string id;                            // empty: none
  std::vector<std::string> allowed_origins;  // each with at most one '*'
  std::vector<std::string> allowed_methods;
  std::vector<std::string> allowed_headers;  // each with at most one '*'
  std::vector<std::string> expose_headers;
  std::optional<int> max_age_seconds;

  bool operator==(const CorsRule&) const = default;
};

// The body of PutBucketCors. Throws S3Error: MalformedXML; InvalidRequest for a method, an origin
// or a header that S3 does not take, and for more than kMaxCorsRules.
std::vector<CorsRule> ParseCorsConfiguration(std::string_view body);
XmlDocument CorsDocument(const std::vector<CorsRule>& rules);

using Headers = std::vector<std::pair<std::string, std::string>>;

// What a browser is told with the real answer, whatever its status: `Vary` always, for there are
// rules, and `Access-Control-*` where the first rule that has the origin and the method allows it.
Headers CorsHeaders(const std::vector<CorsRule>& rules, const http::RequestHead& head);

// The answer to a preflight. Throws S3Error: BadRequest without `Origin` or with no
// `Access-Control-Request-Method`; AccessForbidden when no rule allows it. `rules` is empty for a
// bucket without any, or no bucket at all.
Headers AnswerPreflight(const std::vector<CorsRule>& rules, const http::RequestHead& head);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_CORS_H_
