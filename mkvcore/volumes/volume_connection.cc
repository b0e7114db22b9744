#include "mkvcore/volumes/volume_connection.h"

#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "mkvcore/volumes/volume_date.h"

namespace mkv {
namespace {

VolumeConnection* Owner(http_parser* parser) {
  return static_cast<VolumeConnection*>(parser->data);
}

// Of an error's page, which nobody reads. nginx's own have some hundred bytes.
constexpr std::size_t kMaxThrownAway = 64 << 10;

}  // namespace

VolumeConnection::VolumeConnection(EventLoop& loop, int socket, std::span<char> scratch)
    : loop_(loop), socket_(socket), scratch_(scratch) {
  try {
    loop_.Watch(socket_, EPOLLIN, [this](std::uint32_t events) { OnEvents(events); });
  } catch (...) {
    ::close(socket_);
    throw;
  }
  watched_ = EPOLLIN;
}

VolumeConnection::~VolumeConnection() {
  loop_.Unwatch(socket_);
  ::close(socket_);
}

void VolumeConnection::Send(std::string request, bool bodyless, std::size_t expected,
                            OnEnd on_end) {
  busy_ = true;
  on_end_ = std::move(on_end);
  on_closed_ = nullptr;
  request_ = std::move(request);
  sent_ = 0;
  moved_at_ = EventLoop::Clock::now();
  thrown_away_ = 0;
  passed_limit_.reset();
  bodyless_ = bodyless;
  expected_ = expected;
  exchanged_ = {};
  StartParser();
  // What is wrong with the socket is told by the loop, as everything is.
  if (!Flush()) Watch(EPOLLIN | EPOLLOUT);
}

void VolumeConnection::StartParser() {
  http_parser_init(&parser_, HTTP_RESPONSE);
  parser_.data = this;
  complete_ = false;
  header_.clear();
  last_modified_.clear();
}

void VolumeConnection::OnEvents(std::uint32_t events) {
  // Nothing was asked: the volume closes an idle connection, or talks out of turn.
  if (!busy_) {
    Watch(0);
    if (const OnClosed on_closed = std::exchange(on_closed_, nullptr)) on_closed();
    return;
  }
  // An answer that came before the connection broke counts.
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) return Receive();
  if ((events & EPOLLOUT) != 0 && !Flush()) return End(false, std::strerror(errno));
}

bool VolumeConnection::Flush() {
  while (sent_ < request_.size()) {
    const ssize_t sent =
        ::send(socket_, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
      Watch(EPOLLIN | EPOLLOUT);
      return true;
    }
    sent_ += static_cast<std::size_t>(sent);
    exchanged_.sent_anything = true;
  }
  exchanged_.sent_all = true;
  Watch(EPOLLIN);
  return true;
}

void VolumeConnection::Receive() {
  // Not until there is nothing more: a volume that sends as fast as this reads would have the loop
  // for itself. What is left is told of by the next turn.
  constexpr int kReadsATurn = 4;
  for (int reads = 0; reads < kReadsATurn;) {
    const ssize_t received = ::recv(socket_, scratch_.data(), scratch_.size(), 0);
    if (received < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      return End(false, std::strerror(errno));
    }
    ++reads;
    const auto bytes = static_cast<std::size_t>(received);
    if (Parse({scratch_.data(), bytes})) return;
    if (bytes == 0) return End(false, "the volume closed the connection");
    if (bytes < scratch_.size()) return;
  }
}

bool VolumeConnection::Parse(std::string_view bytes) {
  exchanged_.began_answer |= !bytes.empty();
  while (true) {
    const std::size_t parsed =
        http_parser_execute(&parser_, &Settings(), bytes.data(), bytes.size());
    const http_errno error = HTTP_PARSER_ERRNO(&parser_);
    if (complete_) {
      bytes.remove_prefix(parsed);
      if (parser_.status_code >= 200) {
        // More than one answer to one request: nobody knows what else would come.
        exchanged_.reusable =
            bytes.empty() && http_should_keep_alive(&parser_) != 0 && exchanged_.sent_all;
        End(true, {});
        return true;
      }
      StartParser();  // that was a 1xx
      if (bytes.empty()) return false;
      continue;
    }
    if (passed_limit_) {
      exchanged_.value.clear();
      End(true, "longer than " + std::to_string(*passed_limit_) + " bytes");
      return true;
    }
    if (error != HPE_OK) {
      End(false, std::string("not an answer: ") + http_errno_description(error));
      return true;
    }
    return false;
  }
}

void VolumeConnection::Watch(std::uint32_t events) {
  if (events == watched_) return;
  watched_ = events;
  loop_.ChangeWatch(socket_, events);
}

void VolumeConnection::End(bool answered, const std::string& error) {
  busy_ = false;
  used_ = true;
  VolumeAnswer& answer = exchanged_.answer;
  answer.error = error;
  if (answered) {
    answer.delivery = VolumeAnswer::Delivery::kAnswered;
    answer.status = static_cast<int>(parser_.status_code);
    if (!last_modified_.empty()) {
      if (const auto time = ParseVolumeDate(last_modified_)) answer.last_modified = *time;
    }
  } else {
    exchanged_.reusable = false;
    answer.delivery = exchanged_.sent_anything ? VolumeAnswer::Delivery::kUnanswered
                                               : VolumeAnswer::Delivery::kNeverSent;
  }
  std::string().swap(request_);
  // It may destroy this.
  const OnEnd on_end = std::exchange(on_end_, nullptr);
  on_end(std::exchange(exchanged_, {}));
}

const http_parser_settings& VolumeConnection::Settings() {
  static const http_parser_settings settings = [] {
    http_parser_settings made;
    http_parser_settings_init(&made);
    made.on_header_field = &OnHeaderField;
    made.on_header_value = &OnHeaderValue;
    made.on_headers_complete = &OnHeadersComplete;
    made.on_body = &OnBody;
    made.on_message_complete = &OnMessageComplete;
    return made;
  }();
  return settings;
}

int VolumeConnection::OnHeaderField(http_parser* parser, const char* at, std::size_t length) {
  VolumeConnection& self = *Owner(parser);
  // A name may come in pieces; the first after a value begins a new one.
  if (std::exchange(self.in_last_modified_, false)) self.header_.clear();
  self.header_.append(at, length);
  return 0;
}

int VolumeConnection::OnHeaderValue(http_parser* parser, const char* at, std::size_t length) {
  VolumeConnection& self = *Owner(parser);
  if (!self.in_last_modified_) {
    if (strcasecmp(self.header_.c_str(), "Last-Modified") != 0) {
      self.header_.clear();
      return 0;
    }
    self.in_last_modified_ = true;
  }
  self.last_modified_.append(at, length);
  return 0;
}

int VolumeConnection::OnHeadersComplete(http_parser* parser) {
  constexpr int kNoBody = 1;
  VolumeConnection& self = *Owner(parser);
  if ((parser->flags & F_CONTENTLENGTH) != 0) {
    self.exchanged_.answer.content_length = parser->content_length;
  }
  return self.bodyless_ ? kNoBody : 0;
}

int VolumeConnection::OnBody(http_parser* parser, const char* at, std::size_t length) {
  VolumeConnection& self = *Owner(parser);
  if (parser->status_code < 200 || parser->status_code > 299) {
    self.thrown_away_ += length;
    if (self.thrown_away_ <= kMaxThrownAway) return 0;
    self.passed_limit_ = kMaxThrownAway;
    return 1;
  }
  std::string& value = self.exchanged_.value;
  if (length > self.expected_ - value.size()) {
    self.passed_limit_ = self.expected_;
    return 1;
  }
  self.moved_at_ = EventLoop::Clock::now();
  const std::uint64_t announced = self.exchanged_.answer.content_length.value_or(0);
  if (value.empty()) value.reserve(std::min<std::uint64_t>(announced, self.expected_));
  value.append(at, length);
  return 0;
}

int VolumeConnection::OnMessageComplete(http_parser* parser) {
  Owner(parser)->complete_ = true;
  // Stops at the end of the message, so that what comes behind it is seen.
  http_parser_pause(parser, 1);
  return 0;
}

}  // namespace mkv
