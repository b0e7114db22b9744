// A server that takes request bodies into memory and does nothing with them: the least that staging
// in RAM can cost.
//
//   bench_sink PORT
//
// Any request with a Content-Length is answered 200 once its body is in memory; the memory of a
// connection is given back when it ends. Listens on 127.0.0.1 until killed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

bool SendAll(int socket, std::string_view text) {
  return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

// One request; false when the client is done.
bool Serve(int socket, std::vector<std::vector<char>>& bodies) {
  std::string head;
  char buffer[64 << 10];
  std::size_t end = 0;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) {
    const ssize_t count = ::recv(socket, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    head.append(buffer, static_cast<std::size_t>(count));
  }
  const std::string body_begin = head.substr(end + 4);
  head.resize(end);
  std::size_t size = 0;
  if (const char* field = ::strcasestr(head.c_str(), "content-length:")) {
    size = std::stoull(field + std::strlen("content-length:"));
  }
  if (::strcasestr(head.c_str(), "100-continue") != nullptr) {
    if (!SendAll(socket, "HTTP/1.1 100 Continue\r\n\r\n")) return false;
  }
  std::vector<char> body(size);
  std::memcpy(body.data(), body_begin.data(), std::min(size, body_begin.size()));
  for (std::size_t at = body_begin.size(); at < size;) {
    const ssize_t count = ::recv(socket, body.data() + at, size - at, 0);
    if (count <= 0) return false;
    at += static_cast<std::size_t>(count);
  }
  bodies.push_back(std::move(body));
  return SendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"0\"\r\n\r\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_sink PORT\n";
    return 2;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(argv[1])));
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    std::perror("bench_sink");
    return 1;
  }
  while (true) {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    std::thread([socket] {
      std::vector<std::vector<char>> bodies;
      while (Serve(socket, bodies)) {
      }
      ::close(socket);
    }).detach();
  }
}
