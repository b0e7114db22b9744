#include "mkvcore/volumes/volume_connector.h"

#include <curl/curl.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "mkvcore/volumes/curl_loop.h"
#include "mkvcore/volumes/curl_session.h"

namespace mkv {

class VolumeConnector::Impl : public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(const VolumeOptions& options) : session_(options) {}

  void Open(EventLoop& loop) {
    curl_ = std::make_shared<CurlLoop>(loop, session_.multi(), [self = weak_from_this()] {
      if (const std::shared_ptr<Impl> impl = self.lock()) impl->Settle();
    });
  }

  void Close() {
    curl_->Close();
    while (!pending_.empty()) Take(pending_.begin()->first);
  }

  void Connect(const std::string& host, Connected done) {
    CURL* const easy = session_.TakeHandle();
    // Its address stays: maps do not move what they hold.
    ErrorText& error = pending_.emplace(easy, Pending{std::move(done), {}}).first->second.error;
    const bool ok = session_.SetUrl(easy, host, "http://" + host + "/") == CURLE_OK &&
                    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error.data()) == CURLE_OK &&
                    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
                    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
                    curl_multi_add_handle(session_.multi(), easy) == CURLM_OK;
    if (ok) return;
    Take(easy);
    throw std::runtime_error("libcurl does not connect to " + host);
  }

 private:
  using ErrorText = std::array<char, CURL_ERROR_SIZE>;
  struct Pending {
    Connected done;
    ErrorText error;
  };

  void Settle() {
    const auto keep_alive = shared_from_this();
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(session_.multi(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;
      if (session_.GoesOnByTcp(easy, code)) continue;
      int socket = -1;
      const ErrorText& text = pending_.at(easy).error;
      std::string error = text.front() != '\0' ? text.data() : curl_easy_strerror(code);
      if (code == CURLE_OK) {
        socket = OwnSocket(easy);
        if (socket < 0) error = std::strerror(errno);
      }
      const Connected done = Take(easy);
      done(socket, error);
    }
  }

  // libcurl closes its own descriptor with the handle, so the connection gets another.
  static int OwnSocket(CURL* easy) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
    return socket == CURL_SOCKET_BAD ? -1 : fcntl(socket, F_DUPFD_CLOEXEC, 0);
  }

  Connected Take(CURL* easy) {
    auto node = pending_.extract(easy);
    curl_multi_remove_handle(session_.multi(), easy);
    session_.PutBack(easy);
    return std::move(node.mapped().done);
  }

  CurlSession session_;
  std::shared_ptr<CurlLoop> curl_;
  std::unordered_map<CURL*, Pending> pending_;
};

VolumeConnector::VolumeConnector(EventLoop& loop, const VolumeOptions& options)
    : impl_(std::make_shared<Impl>(options)) {
  impl_->Open(loop);
}

VolumeConnector::~VolumeConnector() { impl_->Close(); }

void VolumeConnector::Connect(const std::string& host, Connected done) {
  impl_->Connect(host, std::move(done));
}

}  // namespace mkv
