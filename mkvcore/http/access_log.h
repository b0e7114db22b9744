// The log of requests: a line for each, at level debug, which `-v` shows.
//
//   <id> <client> <method> <target> <status> in=<body bytes read> out=<body bytes sent> <time>ms
//
// What in a query would let its reader act as the client (LoggedTarget) is not written.
//
// The status is 0 where the client saw no whole answer. A line costs nothing when the level is not
// logged. Thread-safe.
#ifndef MKVCORE_HTTP_ACCESS_LOG_H_
#define MKVCORE_HTTP_ACCESS_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "mkvcore/http/request.h"

namespace mkv::http {

struct AnswerNote {
  int status = 0;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

// The target as it may be logged: of query parameters whose decoded name ends in `signature` or
// `security-token`, in any case, the value is `***`. A presigned URL is as good as a key until it
// expires. For every log line that names a target.
std::string LoggedTarget(std::string_view target);

void LogAnswer(const RequestHead& head, const AnswerNote& note);
// Of a request whose head could not be parsed: its id and client, the status, and why.
void LogRefusal(std::string_view id, std::string_view peer, int status, std::string_view why);

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_ACCESS_LOG_H_
