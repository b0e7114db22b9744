// An answer that is in memory whole: what the event loop can send by itself.
#ifndef MKVCORE_HTTP_RESPONSE_H_
#define MKVCORE_HTTP_RESPONSE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mkv::http {

struct Response {
  int status = 200;
  // In the order to be sent. Content-Length, Date, Connection and Transfer-Encoding are the
  // server's own. Bytes that could end a header line are never sent: the server replaces CR, LF and
  // NUL in values by a space, as Go's net/http does.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // The answer to a HEAD that describes a body which is not sent: overrides Content-Length.
  long long described_length = -1;
  bool close = false;  // end the connection after this answer

  Response& Header(std::string_view name, std::string_view value) {
    headers.emplace_back(name, value);
    return *this;
  }
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_RESPONSE_H_
