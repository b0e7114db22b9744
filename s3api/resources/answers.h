// How operations answer: the headers that every S3 answer carries, XML bodies, errors.
#ifndef S3API_RESOURCES_ANSWERS_H_
#define S3API_RESOURCES_ANSWERS_H_

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mkvcore/http/response.h"
#include "s3api/multipart/transfer_slots.h"
#include "s3api/protocol/acl.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/call.h"
#include "s3api/signature/payload_plan.h"
#include "s3api/signature/payload_source.h"

namespace mkv::s3 {

// x-amz-request-id, the same id as in the log line, and Server.
void AddCommonHeaders(const http::RequestHead& head, http::Response* response);

// The URL of `path` (decoded) at this server, as the client of the request reaches it.
std::string UrlOf(const http::RequestHead& head, std::string_view path);

void Reply(Call& call, http::Response response);
void ReplyXml(Call& call, const XmlDocument& document);

// What the request promises of its payload. Throws S3Error.
PayloadPlan PlanOf(const CallContext& call);

// How many bytes an upload has. Throws MissingContentLength where the request does not tell, though
// HTTP takes a request that says nothing of a body for one without (RFC 9112 section 6.3): no
// client means to store that, as S3 has it.
std::uint64_t UploadLength(const http::RequestHead& head, const PayloadSource& source);

// The whole body, decoded and checked against everything that the request says of it.
// MaxMessageLengthExceeded for more than `limit` bytes.
std::string ReadBody(Call& call, std::size_t limit);
// The same, held against another plan than PlanOf().
std::string ReadBody(Call& call, std::size_t limit, PayloadPlan plan);

// As long as a body is taken apart, whose tree can need 25 times its bytes: of those longer than
// kMaxSmallBody few are at once. The others wait, for nothing but that: they are there whole.
class ParseTurn {
 public:
  ParseTurn(Call& call, std::string_view body);
  ~ParseTurn();
  ParseTurn(const ParseTurn&) = delete;
  ParseTurn& operator=(const ParseTurn&) = delete;

 private:
  std::optional<TransferSlots::Slot> slot_;
  const bool leaves_much_;
};

// What `parse` makes of the whole body, for operations whose bodies may be long.
template <typename Value>
Value ReadParsed(Call& call, Value (*parse)(std::string_view), std::size_t limit,
                 PayloadPlan plan) {
  const std::string body = ReadBody(call, limit, std::move(plan));
  const ParseTurn turn(call, body);
  return parse(body);
}

// The ACL that a PutBucketAcl or PutObjectAcl asks for, in headers or in the body; `owner` is the
// one whom grants may name. Throws S3Error.
Acl AclOfRequest(Call& call, std::string_view owner);

// What stopped a request, in the terms of S3: errors of the protocol as they are, a store that can
// not serve now as ServiceUnavailable, anything unforeseen as an InternalError. The latter two are
// logged.
S3Error AsS3Error(const std::exception_ptr& thrown, const http::RequestHead& head);

// The outcome of a change as the error that it is; kDone throws nothing.
void ThrowUnlessDone(Outcome outcome, const CallContext& call);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_ANSWERS_H_
