// The least client that can speak to our servers: one kept connection, one request at a time,
// blocking. For load, where a real client would cost more than what is measured.
#ifndef TESTS_BENCH_HTTP_EXCHANGE_H_
#define TESTS_BENCH_HTTP_EXCHANGE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace mkv::bench {

struct Answer {
  int status = 0;
  std::string location;
  std::uint64_t body_bytes = 0;
};

// One thread at a time. Throws std::runtime_error (with the reason) when the connection fails or
// the answer has no Content-Length.
class HttpExchange {
 public:
  explicit HttpExchange(std::string host_and_port);  // of 127.0.0.1
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  Answer Do(std::string_view method, std::string_view path, std::string_view body = {});

 private:
  void Fill();

  std::string host_;
  int socket_;
  std::string received_;
};

}  // namespace mkv::bench

#endif  // TESTS_BENCH_HTTP_EXCHANGE_H_
