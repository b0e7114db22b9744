// The head of an answer, as it goes over the wire (RFC 9112 sections 4 to 6).
#ifndef MKVCORE_HTTP_ANSWER_HEAD_H_
#define MKVCORE_HTTP_ANSWER_HEAD_H_

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/request.h"
#include "mkvcore/http/response.h"

namespace mkv::http {

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// The value of a Date field (RFC 9110 section 5.6.7) for now, made once a second. Not thread-safe.
class DateText {
 public:
  std::string_view Now();

 private:
  std::time_t second_ = -1;
  std::string text_;
};

// What the server says of the connection and the body, beside what the handler says.
struct AnswerFraming {
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;  // unset: no such field
};

// Whether an answer with this status to this method has no body whatever its fields say (RFC 9112
// section 6.3).
bool IsBodyless(std::string_view method, int status);

// Appends the head with its empty line. Of `response` the status and the headers are used; headers
// that are the server's own, and those whose name is not a token, are left out.
void AppendAnswerHead(const Response& response, const AnswerFraming& framing, std::string_view date,
                      std::string& out);

// That of an answer whose body is in `response`. `head` is null when the request could not be
// parsed.
AnswerFraming FramingOf(const Response& response, const RequestHead* head, bool keep_alive);

// Appends a whole answer. `head` is null when the request could not be parsed.
void AppendAnswer(const Response& response, const RequestHead* head, bool keep_alive,
                  std::string_view date, std::string& out);

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_ANSWER_HEAD_H_
