// One kept HTTP/1.1 connection to a volume, on a bare socket and an event loop: one request at a
// time, small enough to lie in memory whole. A socket costs half of what libcurl does for such a
// request, and small requests cost little else.
//
// Loop thread only.
#ifndef MKVCORE_VOLUMES_VOLUME_CONNECTION_H_
#define MKVCORE_VOLUMES_VOLUME_CONNECTION_H_

#include <http_parser.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/volume_answer.h"

namespace mkv {

class VolumeConnection {
 public:
  // How an exchange ended.
  struct Exchanged {
    VolumeAnswer answer;
    std::string value;           // the body of a 2xx answer
    bool sent_anything = false;  // of the request
    bool sent_all = false;
    bool began_answer = false;  // a byte of it came
    bool reusable = false;      // the connection can take the next request
  };
  // Either may destroy the connection.
  using OnEnd = std::function<void(Exchanged exchanged)>;
  using OnClosed = std::function<void()>;

  // Takes over `socket`, connected and non-blocking. `scratch` outlives the connection and is
  // shared with others of the loop. Throws std::system_error when the loop can not watch it.
  VolumeConnection(EventLoop& loop, int socket, std::span<char> scratch);
  ~VolumeConnection();
  VolumeConnection(const VolumeConnection&) = delete;
  VolumeConnection& operator=(const VolumeConnection&) = delete;

  EventLoop::Clock::time_point since() const { return since_; }
  bool used() const { return used_; }  // an exchange has ended on it

  // Sends a whole request. `bodyless`: its answer has no body whatever its head says (HEAD). A body
  // of a 2xx answer that is longer than `expected` is not taken: VolumeAnswer::error then says so.
  // `on_end` runs once, from the loop and never inside this call.
  void Send(std::string request, bool bodyless, std::size_t expected, OnEnd on_end);
  // What it has sent, in an exchange that is not waited for any longer.
  bool sent_anything() const { return exchanged_.sent_anything; }
  // When a byte of the value was last received; before that, when the exchange began.
  EventLoop::Clock::time_point moved_at() const { return moved_at_; }

  // Between exchanges: runs when the volume closes the connection.
  void Rest(OnClosed on_closed) { on_closed_ = std::move(on_closed); }

 private:
  static int OnHeaderField(http_parser* parser, const char* at, std::size_t length);
  static int OnHeaderValue(http_parser* parser, const char* at, std::size_t length);
  static int OnHeadersComplete(http_parser* parser);
  static int OnBody(http_parser* parser, const char* at, std::size_t length);
  static int OnMessageComplete(http_parser* parser);
  static const http_parser_settings& Settings();

  void StartParser();
  void OnEvents(std::uint32_t events);
  // False when the connection is broken.
  bool Flush();
  void Receive();
  // Of what came, or of the end of it (no bytes). True when the exchange has ended.
  bool Parse(std::string_view bytes);
  void Watch(std::uint32_t events);
  void End(bool answered, const std::string& error);

  EventLoop& loop_;
  const int socket_;
  const std::span<char> scratch_;
  const EventLoop::Clock::time_point since_ = EventLoop::Clock::now();
  bool used_ = false;
  std::uint32_t watched_ = 0;
  OnClosed on_closed_;

  // Of the exchange under way.
  bool busy_ = false;
  OnEnd on_end_;
  std::string request_;
  std::size_t sent_ = 0;
  EventLoop::Clock::time_point moved_at_;
  bool bodyless_ = false;
  std::size_t expected_ = 0;
  http_parser parser_{};
  bool complete_ = false;
  std::size_t thrown_away_ = 0;              // of the body of an answer other than 2xx
  std::optional<std::size_t> passed_limit_;  // the most that it may be, and it is more
  bool in_last_modified_ = false;
  std::string header_;         // the name of the field that is being read
  std::string last_modified_;  // as it came
  Exchanged exchanged_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_CONNECTION_H_
