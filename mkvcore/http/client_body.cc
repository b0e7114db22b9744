#include "mkvcore/http/client_body.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "mkvcore/http/answer_head.h"
#include "mkvcore/http/handler.h"
#include "mkvcore/http/socket_wait.h"

namespace mkv::http {
namespace {

constexpr std::size_t kReadStep = 64 << 10;

}  // namespace

ClientBody::ClientBody(const RequestHead& head, ClientSocket& socket, const ServerOptions& options,
                       std::string unread, std::optional<std::string> collected)
    : head_(head),
      socket_(socket),
      unread_(std::move(unread)),
      collected_(std::move(collected)),
      chunked_(options.max_body_bytes),
      guard_(options.min_rate, options.min_rate_window, kLongestWait),
      // A client that has begun to send does not wait (RFC 9110 section 10.1.1).
      client_waits_(head.expect_continue && !collected_ && unread_.empty()) {}

std::optional<std::string_view> ClientBody::held() const {
  if (!head_.has_body()) return std::string_view();
  return collected_;
}

short ClientBody::poll_events() const { return POLLIN; }

Source::Chunk ClientBody::Read(std::span<char> buffer) {
  if (collected_) return ReadCollected(buffer);
  if (Unread().complete) return {State::kEnd, 0};
  if (buffer.empty()) return {State::kData, 0};
  Accept();
  return head_.chunked ? ReadChunked(buffer) : ReadKnownLength(buffer);
}

void ClientBody::Accept() {
  if (!std::exchange(client_waits_, false)) return;
  SendAll(socket_, kContinue, false, guard_);
}

std::string ClientBody::ReadWhole(std::size_t limit) {
  if (size().value_or(0) > limit) throw TransferError(413, "the body is larger than allowed here");
  if (collected_) {
    read_ = collected_->size();
    return *collected_;
  }
  std::string body;
  for (;;) {
    const std::size_t begin = body.size();
    const auto step = static_cast<std::size_t>(
        std::min<std::uint64_t>(kReadStep, size().value_or(kReadStep) - begin));
    body.resize(begin + std::max<std::size_t>(step, 1));
    const Chunk chunk = Read(std::span(body).subspan(begin));
    body.resize(begin + chunk.bytes);
    if (chunk.state == State::kEnd) return body;
    if (body.size() > limit) throw TransferError(413, "the body is larger than allowed here");
    if (chunk.state == State::kWouldBlock) WaitFor(socket_.fd(), poll_events(), guard_);
  }
}

UnreadBody ClientBody::Unread() const {
  UnreadBody unread;
  unread.client_waits = client_waits_;
  if (collected_) {
    unread.complete = true;  // off the socket, whoever read it
    unread.remaining = 0;
  } else if (head_.chunked) {
    unread.complete = chunked_.done();
  } else {
    unread.remaining = head_.content_length.value_or(0) - read_;
    unread.complete = *unread.remaining == 0;
  }
  return unread;
}

Source::Chunk ClientBody::ReadCollected(std::span<char> buffer) {
  const auto rest = std::string_view(*collected_).substr(static_cast<std::size_t>(read_));
  if (rest.empty()) return {State::kEnd, 0};
  const std::size_t bytes = std::min(rest.size(), buffer.size());
  std::memcpy(buffer.data(), rest.data(), bytes);
  read_ += bytes;
  return {State::kData, bytes};
}

Source::Chunk ClientBody::ReadKnownLength(std::span<char> buffer) {
  const std::uint64_t left = *head_.content_length - read_;
  const std::size_t bytes =
      Receive(buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left))));
  if (bytes == 0) return {State::kWouldBlock, 0};
  read_ += bytes;
  return {State::kData, bytes};
}

Source::Chunk ClientBody::ReadChunked(std::span<char> buffer) {
  for (;;) {
    const std::size_t bytes = Receive(buffer);
    if (bytes == 0) return {State::kWouldBlock, 0};
    const std::string_view raw(buffer.data(), bytes);
    const auto progress = chunked_.Decode(raw, buffer);
    read_ += progress.produced;
    if (chunked_.error_status() != 0) {
      throw TransferError(chunked_.error_status(), chunked_.error());
    }
    // Only at the end of the body is there a rest: the output is as large as the input.
    if (progress.consumed < bytes) unread_.insert(0, raw.substr(progress.consumed));
    if (progress.produced > 0) return {State::kData, progress.produced};
    if (chunked_.done()) return {State::kEnd, 0};
  }
}

std::size_t ClientBody::Receive(std::span<char> buffer) {
  if (!unread_.empty()) {
    const std::size_t bytes = std::min(buffer.size(), unread_.size());
    std::memcpy(buffer.data(), unread_.data(), bytes);
    unread_.erase(0, bytes);
    return bytes;
  }
  const auto received = socket_.Read(buffer);
  const auto now = RateGuard::Clock::now();
  switch (received.state) {
    case ClientSocket::Transferred::State::kSome:
      guard_.Moved(received.bytes, now);
      break;
    case ClientSocket::Transferred::State::kClosed:
      throw TransferError(0, "the client closed the connection before the end of its body");
    case ClientSocket::Transferred::State::kWouldBlock:
      guard_.BeginWait(now);
      if (guard_.TooSlow(now)) throw TransferError(408, "the body came too slowly");
      break;
  }
  return received.bytes;
}

}  // namespace mkv::http
