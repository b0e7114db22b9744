#include "mkvcore/volumes/curl_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/volumes/misbehaving_server.h"

namespace mkv {
namespace {

using testing::MisbehavingServer;

class CurlLoopTest : public ::testing::Test {
 public:
  ~CurlLoopTest() override {
    driver_->Close();
    curl_multi_remove_handle(multi_, easy_);
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
  }

 protected:
  // Asks the server, and returns how it ended.
  CURLcode Ask(long milliseconds) {
    const std::string url = "http://" + server_.name() + "/";
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, milliseconds);
    curl_multi_add_handle(multi_, easy_);
    loop_.RunUntil([this] { return ended_; });
    return code_;
  }

  EventLoop loop_;
  CURLM* const multi_ = curl_multi_init();
  CURL* const easy_ = curl_easy_init();

 private:
  void Note() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      ended_ = message->msg == CURLMSG_DONE;
      code_ = message->data.result;
    }
  }

  MisbehavingServer server_{[](MisbehavingServer::Connection& connection, int) {
    while (!connection.ReadHead().empty()) connection.Send("HTTP/1.1 200 OK\r\n\r\n");
  }};
  std::shared_ptr<CurlLoop> driver_ = std::make_shared<CurlLoop>(loop_, multi_, [this] { Note(); });
  bool ended_ = false;
  CURLcode code_ = CURLE_OK;
};

TEST_F(CurlLoopTest, BringsATransferToItsEnd) { EXPECT_EQ(Ask(10'000), CURLE_OK); }

// The kernel refuses more than fs.epoll.max_user_watches; a descriptor that is watched already is
// refused by the loop, which comes to the same.
TEST_F(CurlLoopTest, ATransferWhoseSocketCanNotBeWatchedRunsOutOfTime) {
  const auto open_and_watch = [](void* loop, curlsocktype, curl_sockaddr* address) {
    const int fd = ::socket(address->family, address->socktype, address->protocol);
    static_cast<EventLoop*>(loop)->Watch(fd, 0, [](std::uint32_t) {});
    return fd;
  };
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION,
                   static_cast<curl_opensocket_callback>(open_and_watch));
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, &loop_);
  EXPECT_EQ(Ask(200), CURLE_OPERATION_TIMEDOUT);
}

}  // namespace
}  // namespace mkv
