// A server that answers 404 to everything from its loops: the floor under every request, to be
// measured beside nginx's `return 404` (docs/measurements.md). Prints its port; ends with its
// stdin.
#include <iostream>
#include <string>

#include "mkvcore/http/server.h"

namespace {

class NotFound final : public mkv::http::Handler {
 public:
  void OnRequest(std::shared_ptr<mkv::http::Exchange> exchange) override {
    mkv::http::Response response;
    response.status = 404;
    exchange->Reply(std::move(response));
  }
  mkv::http::Response ServerError(int status, const std::string& message,
                                  const mkv::http::RequestHead*) override {
    mkv::http::Response response;
    response.status = status;
    response.body = message;
    return response;
  }
};

}  // namespace

int main() {
  NotFound handler;
  mkv::http::ServerOptions options;
  options.address = "127.0.0.1";
  options.port = 0;
  mkv::http::Server server(options, handler);
  server.Start();
  std::cout << server.port() << std::endl;
  std::string line;
  std::getline(std::cin, line);
  return server.Stop() ? 0 : 1;
}
