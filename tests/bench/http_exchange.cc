#include "tests/bench/http_exchange.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>
#include <utility>

namespace mkv::bench {

namespace {

// The value of a header field in the head of an answer; "" when there is none.
std::string_view FieldOf(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
    const std::size_t line = at + 2;
    at = head.find("\r\n", line);
    const std::string_view text = head.substr(line, at - line);
    if (text.size() > name.size() + 1 && text[name.size()] == ':' &&
        ::strncasecmp(text.data(), name.data(), name.size()) == 0) {
      return text.substr(name.size() + 2);
    }
  }
  return {};
}

[[noreturn]] void ThrowErrno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

HttpExchange::HttpExchange(std::string host_and_port)
    : host_(std::move(host_and_port)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) ThrowErrno("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoul(host_.substr(host_.rfind(':') + 1))));
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ThrowErrno("connect");
  }
}

HttpExchange::~HttpExchange() { ::close(socket_); }

void HttpExchange::Fill() {
  char buffer[16 << 10];
  const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
  if (count < 0) ThrowErrno("recv");
  if (count == 0) throw std::runtime_error(host_ + " closed the connection");
  received_.append(buffer, static_cast<std::size_t>(count));
}

Answer HttpExchange::Do(std::string_view method, std::string_view path, std::string_view body) {
  std::string request;
  request.reserve(256 + body.size());
  request.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(host_);
  if (method == "PUT") request.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  request.append("\r\n\r\n").append(body);
  for (std::string_view rest = request; !rest.empty();) {
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) ThrowErrno("send");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) Fill();
  const std::string_view head = std::string_view(received_).substr(0, end + 2);
  Answer answer;
  answer.status = std::stoi(received_.substr(9, 3));
  answer.location = FieldOf(head, "Location");
  const std::string length(FieldOf(head, "Content-Length"));
  if (length.empty() && answer.status != 204) {
    throw std::runtime_error("an answer without length: " + std::string(head));
  }
  answer.body_bytes = length.empty() ? 0 : std::stoull(length);
  const std::size_t whole = end + 4 + answer.body_bytes;
  while (received_.size() < whole) Fill();
  received_.erase(0, whole);
  return answer;
}

}  // namespace mkv::bench
