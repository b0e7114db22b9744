// The body of one request, read by a worker straight from the connection.
//
// Not thread-safe: it belongs to the worker that has the connection. Nothing is buffered here:
// bytes go from the socket into the caller's buffer, where the transfer coding is taken off in
// place.
#ifndef MKVCORE_HTTP_CLIENT_BODY_H_
#define MKVCORE_HTTP_CLIENT_BODY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mkvcore/http/after_answer.h"
#include "mkvcore/http/chunked_decoder.h"
#include "mkvcore/http/client_socket.h"
#include "mkvcore/http/rate_guard.h"
#include "mkvcore/http/request.h"
#include "mkvcore/http/server.h"
#include "mkvcore/volumes/source.h"

namespace mkv::http {

class ClientBody final : public Source {
 public:
  // `unread` holds what was already read from the socket behind the head; `collected` the whole
  // body where the loop has read it. The references outlive the body.
  ClientBody(const RequestHead& head, ClientSocket& socket, const ServerOptions& options,
             std::string unread, std::optional<std::string> collected);

  // Source. Read() throws TransferError.
  std::optional<std::uint64_t> size() const override { return head_.content_length; }
  std::optional<std::string_view> held() const override;
  Chunk Read(std::span<char> buffer) override;
  int poll_fd() const override { return socket_.fd(); }
  short poll_events() const override;

  // Sends 100 Continue if the client waits for it. Throws TransferError.
  void Accept();
  // See Transfer::ReadBody().
  std::string ReadWhole(std::size_t limit);

  const Poco::Net::MessageHeader& trailers() const { return chunked_.trailers(); }
  UnreadBody Unread() const;
  // How much of the body has come.
  std::uint64_t received() const { return collected_ ? collected_->size() : read_; }
  // Bytes from the socket that do not belong to this body, when it is read whole, or were not
  // looked at.
  std::string TakeUnread() { return std::move(unread_); }

 private:
  Chunk ReadCollected(std::span<char> buffer);
  Chunk ReadKnownLength(std::span<char> buffer);
  Chunk ReadChunked(std::span<char> buffer);
  // Fills `buffer` from what is at hand or from the socket. 0: nothing there yet.
  std::size_t Receive(std::span<char> buffer);

  const RequestHead& head_;
  ClientSocket& socket_;
  std::string unread_;
  std::optional<std::string> collected_;
  std::uint64_t read_ = 0;  // bytes of the body handed out
  ChunkedDecoder chunked_;
  RateGuard guard_;
  bool client_waits_;  // for 100 Continue
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_CLIENT_BODY_H_
