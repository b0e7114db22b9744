// Clients that work through keys of their own, one after another.
//
//   bench_clients cycle-gateway HOST:PORT CLIENTS SECONDS BYTES NAME
//   bench_clients cycle-volumes HOST:PORT,HOST:PORT,... CLIENTS SECONDS BYTES NAME
//   bench_clients put HOST:PORT CLIENTS COUNT BYTES NAME
//
// `cycle-gateway`, for so many seconds: PUT, GET (following the redirect) and DELETE of a key.
// `cycle-volumes`: the same straight to the volumes, as the gateway would: a PUT and a DELETE to
// each of three, on the same paths, and a GET to one. `put`: the keys /NAME-0 to /NAME-(COUNT-1).
// NAME makes the keys new. Prints JSON; an unexpected answer ends it with status 1.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/format/blob_path.h"
#include "mkvcore/format/placement.h"
#include "tests/bench/http_exchange.h"

namespace mkv::bench {
namespace {

constexpr std::size_t kReplicas = 3;
constexpr std::size_t kSubvolumes = 10;

// Connections by the name of the server, made as they are needed.
class Connections {
 public:
  HttpExchange& To(const std::string& host_and_port) {
    std::unique_ptr<HttpExchange>& connection = connections_[host_and_port];
    if (!connection) connection = std::make_unique<HttpExchange>(host_and_port);
    return *connection;
  }

 private:
  std::map<std::string, std::unique_ptr<HttpExchange>> connections_;
};

void Expect(const Answer& answer, int status, const std::string& what) {
  if (answer.status == status) return;
  throw std::runtime_error(what + " was answered " + std::to_string(answer.status));
}

// `host:port/path...` taken apart.
std::pair<std::string, std::string> Split(const std::string& location) {
  const std::size_t slash = location.find('/');
  return {location.substr(0, slash), location.substr(slash)};
}

void CycleThroughGateway(Connections& connections, const std::string& gateway,
                         const std::string& key, const std::string& value) {
  HttpExchange& server = connections.To(gateway);
  Expect(server.Do("PUT", key, value), 201, "PUT " + key);
  const Answer redirect = server.Do("GET", key);
  Expect(redirect, 302, "GET " + key);
  const auto [volume, path] = Split(redirect.location.substr(std::string("http://").size()));
  Expect(connections.To(volume).Do("GET", path), 200, "GET " + redirect.location);
  Expect(server.Do("DELETE", key), 204, "DELETE " + key);
}

void CycleStraight(Connections& connections, const Placement& placement, const std::string& key,
                   const std::string& value) {
  const std::string path = BlobPath(key, kPlain);
  const std::vector<std::string> replicas = placement.Choose(key);
  const auto each = [&](const char* method, int status, const std::string& body) {
    for (const std::string& replica : replicas) {
      const auto [volume, folder] = Split(replica);
      Expect(connections.To(volume).Do(method, folder + path, body), status, method + path);
    }
  };
  each("PUT", 201, value);
  const auto [volume, folder] = Split(replicas.front());
  Expect(connections.To(volume).Do("GET", folder + path), 200, "GET " + path);
  each("DELETE", 204, "");
}

std::vector<std::string> SplitList(const std::string& list) {
  std::vector<std::string> names(1);
  for (const char c : list) {
    if (c == ',') {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  return names;
}

// What all clients are at together.
class Work {
 public:
  explicit Work(int clients) : clients_(clients) {}

  // Calls `step(connections, client, i)` for i = 0, 1, ... on a thread for each client while it
  // returns true; tells how many did, and in what time.
  template <typename Step>
  int Run(const Step& step) {
    const auto started = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> threads;
      for (int client = 0; client < clients_; ++client) {
        threads.emplace_back([this, &step, client] { RunClient(step, client); });
      }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    std::cout << "{\"done\": " << done_ << ", \"seconds\": " << seconds.count() << "}\n";
    return failed_ ? 1 : 0;
  }

 private:
  template <typename Step>
  void RunClient(const Step& step, int client) {
    try {
      Connections connections;
      for (int i = 0; !failed_ && step(connections, client, i); ++i) ++done_;
    } catch (const std::exception& e) {
      if (!failed_.exchange(true)) std::cerr << "bench_clients: " << e.what() << "\n";
    }
  }

  const int clients_;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<bool> failed_{false};
};

int Run(const std::vector<std::string>& arguments) {
  const std::string& mode = arguments[0];
  const std::vector<std::string> servers = SplitList(arguments[1]);
  const int clients = std::stoi(arguments[2]);
  const std::string value(std::stoull(arguments[4]), 'x');
  const std::string& name = arguments[5];
  Work work(clients);
  if (mode == "put") {
    const int count = std::stoi(arguments[3]);
    std::atomic<int> next{0};
    return work.Run([&](Connections& connections, int, int) {
      const int number = next++;
      if (number >= count) return false;
      const std::string key = "/" + name + "-" + std::to_string(number);
      Expect(connections.To(servers[0]).Do("PUT", key, value), 201, "PUT " + key);
      return true;
    });
  }
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(std::stod(arguments[3])));
  const auto key_of = [&name](int client, int i) {
    return "/" + name + "-" + std::to_string(client) + "-" + std::to_string(i);
  };
  if (mode == "cycle-gateway") {
    return work.Run([&](Connections& connections, int client, int i) {
      CycleThroughGateway(connections, servers[0], key_of(client, i), value);
      return std::chrono::steady_clock::now() < end;
    });
  }
  const Placement placement(servers, kReplicas, kSubvolumes);
  return work.Run([&](Connections& connections, int client, int i) {
    CycleStraight(connections, placement, key_of(client, i), value);
    return std::chrono::steady_clock::now() < end;
  });
}

}  // namespace
}  // namespace mkv::bench

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::vector<std::string> modes = {"cycle-gateway", "cycle-volumes", "put"};
  if (arguments.size() != 6 || std::find(modes.begin(), modes.end(), arguments[0]) == modes.end()) {
    std::cerr << "usage: bench_clients cycle-gateway|cycle-volumes|put HOST:PORT,... CLIENTS "
                 "SECONDS|COUNT BYTES NAME\n";
    return 2;
  }
  return mkv::bench::Run(arguments);
}
