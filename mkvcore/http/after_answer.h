// What becomes of a connection once its answer is sent.
//
// Decided before the head of the answer is written, for the head announces it. Pure.
#ifndef MKVCORE_HTTP_AFTER_ANSWER_H_
#define MKVCORE_HTTP_AFTER_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "mkvcore/http/request.h"

namespace mkv::http {

// What the client has yet to send of its body when it gets its answer.
struct UnreadBody {
  bool complete = true;                    // nothing
  std::optional<std::uint64_t> remaining;  // bytes, where known
  bool client_waits = false;               // for a 100 Continue that it has not been sent

  static UnreadBody WholeOf(const RequestHead& head) {
    return {!head.has_body(), head.content_length, head.expect_continue};
  }
};

struct AfterAnswer {
  bool keep_alive = false;
  std::uint64_t skip = 0;  // keep_alive: bytes of the body to pass over before the next request
  bool linger = false;     // not keep_alive: the client may still be sending, see Connection
};

// `close`: the server wants to end the connection. A body of unknown length, one longer than
// `drain_bytes`, and one that may or may not come (RFC 9110 section 10.1.1 leaves that to a client
// which got its answer instead of 100 Continue) end the connection: nobody could tell where the
// next request begins. So does an answer instead of 100 Continue to an empty body, after which
// botocore can not use the connection.
inline AfterAnswer PlanAfterAnswer(const RequestHead& head, const UnreadBody& unread, bool close,
                                   std::size_t drain_bytes) {
  const bool skippable =
      !unread.client_waits &&
      (unread.complete || (unread.remaining && *unread.remaining <= drain_bytes));
  if (!close && head.keep_alive && skippable) {
    return {true, unread.complete ? 0 : *unread.remaining, false};
  }
  return {false, 0, !unread.complete};
}

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_AFTER_ANSWER_H_
