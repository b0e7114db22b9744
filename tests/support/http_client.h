// An HTTP client for tests: says exactly what it is told, on a connection that it keeps.
//
//   HttpClient client;
//   const HttpResponse put = client.Do({.method = "PUT", .url = url, .body = "value"});
//   EXPECT_EQ(put.status, 201);
//   const HttpResponse got = client.Do({.url = url, .follow_redirects = true});
//   EXPECT_EQ(got.body, "value");
//
// The URL is sent as it stands (`..` stays). No proxy. One thread at a time; a client a thread.
#ifndef TESTS_SUPPORT_HTTP_CLIENT_H_
#define TESTS_SUPPORT_HTTP_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mkv::testing {

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};
  // `Name: value`; `Name;` sends one without a value, `Name:` keeps curl from sending its own.
  std::vector<std::string> headers = {};
  // What to send, whole or made as it goes; neither: no body at all. A producer returns 0 at the
  // end; without a size it is sent in chunks.
  std::optional<std::string> body = std::nullopt;
  std::function<std::size_t(std::span<char>)> producer = nullptr;
  std::optional<std::uint64_t> size = std::nullopt;
  // Takes the body of a 2xx answer instead of HttpResponse::body; false breaks off.
  std::function<bool(std::string_view)> consumer = nullptr;
  bool follow_redirects = false;
  std::chrono::milliseconds timeout = std::chrono::seconds(60);  // for all of it
};

struct HttpResponse {
  int status = 0;                                            // 0: no answer, see error
  std::string error;                                         // empty when the answer came whole
  std::vector<std::pair<std::string, std::string>> headers;  // in order, of the last answer
  std::string body;
  std::string url;  // where the answer came from, after redirects

  // By name, any case. The first one; "" when there is none.
  std::string Header(std::string_view name) const;
  bool HasHeader(std::string_view name) const;
  std::vector<std::string> Headers(std::string_view name) const;
};

class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // A file of certificates: whom to trust over https, instead of whom the machine does.
  void Trust(std::string authority) { authority_ = std::move(authority); }

  HttpResponse Do(const HttpRequest& request);
  HttpResponse Get(const std::string& url) { return Do({.url = url}); }
  HttpResponse Put(const std::string& url, std::string body) {
    return Do({.method = "PUT", .url = url, .body = std::move(body)});
  }

  struct Download {
    HttpResponse response;
    std::uint64_t size = 0;
    std::string md5;
  };
  // GET following redirects, without holding the value.
  Download Fetch(const std::string& url,
                 std::chrono::milliseconds timeout = std::chrono::minutes(10));

 private:
  struct Easy;
  std::unique_ptr<Easy> easy_;
  std::string authority_;
};

// A key (any bytes, beginning with `/`) as the path of a URL: all but A-Z a-z 0-9 - . _ ~ and `/`
// becomes %XX.
std::string UrlEncode(std::string_view key);

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_HTTP_CLIENT_H_
