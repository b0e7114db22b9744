#include "mkvcore/http/answer_head.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/String.h>
#include <Poco/Timestamp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "mkvcore/http/head_validation.h"

namespace mkv::http {
namespace {

void AppendNumber(std::uint64_t number, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool IsServersOwn(const std::string& name) {
  switch (name.size()) {
    case 4:
      return Poco::icompare(name, "Date") == 0;
    case 10:
      return Poco::icompare(name, "Connection") == 0;
    case 14:
      return Poco::icompare(name, "Content-Length") == 0;
    case 17:
      return Poco::icompare(name, "Transfer-Encoding") == 0;
    default:
      return false;
  }
}

// Values are often made of keys and metadata, which hold any bytes.
void AppendValue(std::string_view value, std::string& out) {
  const std::size_t begin = out.size();
  out.append(value);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

}  // namespace

std::string_view DateText::Now() {
  if (const std::time_t second = std::time(nullptr); second != second_) {
    second_ = second;
    text_ = Poco::DateTimeFormatter::format(Poco::Timestamp::fromEpochTime(second),
                                            Poco::DateTimeFormat::HTTP_FORMAT);
  }
  return text_;
}

bool IsBodyless(std::string_view method, int status) {
  return method == "HEAD" || status == 204 || status == 304 || status < 200;
}

void AppendAnswerHead(const Response& response, const AnswerFraming& framing, std::string_view date,
                      std::string& out) {
  out.append("HTTP/1.1 ");
  AppendNumber(static_cast<std::uint64_t>(response.status), out);
  out.push_back(' ');
  out.append(Poco::Net::HTTPResponse::getReasonForStatus(
      static_cast<Poco::Net::HTTPResponse::HTTPStatus>(response.status)));
  out.append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (!IsToken(name) || IsServersOwn(name)) continue;
    out.append(name).append(": ");
    AppendValue(value, out);
    out.append("\r\n");
  }
  if (framing.content_length) {
    out.append("Content-Length: ");
    AppendNumber(*framing.content_length, out);
    out.append("\r\n");
  }
  if (framing.chunked) out.append("Transfer-Encoding: chunked\r\n");
  out.append("Date: ").append(date).append("\r\n");
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

AnswerFraming FramingOf(const Response& response, const RequestHead* head, bool keep_alive) {
  AnswerFraming framing;
  framing.http_1_0 = head != nullptr && head->http_1_0;
  framing.keep_alive = keep_alive;
  if (head != nullptr && head->method == "HEAD" && response.described_length >= 0) {
    framing.content_length = static_cast<std::uint64_t>(response.described_length);
  } else if (response.status != 204 && response.status != 304) {
    framing.content_length = response.body.size();
  }
  return framing;
}

void AppendAnswer(const Response& response, const RequestHead* head, bool keep_alive,
                  std::string_view date, std::string& out) {
  constexpr std::size_t kExpectedHead = 600;
  out.reserve(out.size() + kExpectedHead + response.body.size());
  AppendAnswerHead(response, FramingOf(response, head, keep_alive), date, out);
  const std::string_view method = head != nullptr ? std::string_view(head->method) : "";
  if (!IsBodyless(method, response.status)) out.append(response.body);
}

}  // namespace mkv::http
