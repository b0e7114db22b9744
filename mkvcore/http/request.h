// What a client asked for: the head of one HTTP/1.1 request, validated and taken apart once.
#ifndef MKVCORE_HTTP_REQUEST_H_
#define MKVCORE_HTTP_REQUEST_H_

#include <Poco/Net/MessageHeader.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mkv::http {

struct RequestHead {
  std::string method;
  std::string target;           // as sent, always begins with '/'
  std::string path;             // the part of the target before '?', percent-decoded; any bytes
  std::string query;            // the part after '?', as sent; empty when there is none
  bool has_query_mark = false;  // the target holds a '?', though the query may be empty
  Poco::Net::MessageHeader headers;  // names compare without regard to case; repeated ones kept

  bool http_1_0 = false;                        // else HTTP/1.1
  bool keep_alive = true;                       // as the client wants it
  bool expect_continue = false;                 // waits for 100 Continue before it sends its body
  bool chunked = false;                         // Transfer-Encoding: chunked
  std::optional<std::uint64_t> content_length;  // never together with chunked

  std::string id;    // unique: in the answer (S3: x-amz-request-id) and in the log line
  std::string peer;  // address:port of the client
  bool peer_is_loopback = false;
  bool over_tls = false;
  std::chrono::steady_clock::time_point arrived;  // when the head was complete

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_REQUEST_H_
