// A volume server as none should be: does with each connection what the test says, on raw bytes.
#ifndef TESTS_VOLUMES_MISBEHAVING_SERVER_H_
#define TESTS_VOLUMES_MISBEHAVING_SERVER_H_

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mkv::testing {

class MisbehavingServer {
 public:
  class Connection {
   public:
    // `stop` becomes readable when the server is destroyed.
    Connection(int fd, int stop) : fd_(fd), stop_(stop) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Up to and with the empty line. Empty when the client closed.
    std::string ReadHead();
    // Until `bytes` more have come, or the client closed; how many came.
    std::size_t ReadBody(std::size_t bytes);
    // The same, and what they were: for small bodies.
    std::string ReadText(std::size_t bytes);
    void Send(std::string_view bytes);
    // Ends it with a RST.
    void Reset();
    // Blocks until the client closes, or the server is destroyed.
    void AwaitClose();

   private:
    ssize_t Receive(std::span<char> buffer);

    int fd_;
    int stop_;
    std::string unread_;  // came with a head
  };
  // `number` counts connections from 0. Runs on a thread of the connection's own.
  using Behaviour = std::function<void(Connection& connection, int number)>;

  explicit MisbehavingServer(Behaviour behaviour);
  ~MisbehavingServer();
  MisbehavingServer(const MisbehavingServer&) = delete;
  MisbehavingServer& operator=(const MisbehavingServer&) = delete;

  std::string name() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  // From now on connections are refused; those that are there stay.
  void StopListening();

 private:
  void Serve();

  Behaviour behaviour_;
  int listener_;
  int port_;
  std::atomic<int> connections_{0};
  int stop_[2];  // a pipe: its end comes when the server is destroyed
  std::thread listening_;
  std::vector<std::thread> serving_;  // touched by listening_ alone, until it has ended
};

}  // namespace mkv::testing

#endif  // TESTS_VOLUMES_MISBEHAVING_SERVER_H_
