// More transfers than the server allows at once.
#include <gtest/gtest.h>

#include <vector>

#include "tests/http/serving.h"

namespace mkv::http {
namespace {

using testing::RawConnection;

TEST(ServerWorkers, WithAllTransfersTakenAnotherGets503AndIsToldToComeBack) {
  ServerOptions options;
  options.transfers = 2;
  Serving serving(options);
  std::vector<RawConnection> taken;
  for (int i = 0; i < 2; ++i) {
    taken.push_back(serving.Connect());
    taken.back().Send(Request("GET", "/gate"));
  }
  serving.handler.gate.AwaitArrivals(2);

  RawConnection refused = serving.Connect();
  refused.Send(Request("PUT", "/worker", "Content-Length: 3\r\n") + "abc");
  const std::string response = refused.ReadResponse();
  EXPECT_EQ(StatusOf(response), 503);
  EXPECT_TRUE(HeaderOf(response, "Retry-After"));
  // What the index alone can answer still is, on the same connection too.
  refused.Send(Request("GET", "/hello"));
  EXPECT_EQ(StatusOf(refused.ReadResponse()), 200);

  serving.handler.gate.Open();
  for (RawConnection& connection : taken) {
    EXPECT_EQ(BodyOf(connection.ReadResponse()), "passed");
  }
  // A thread is free again a moment after its answer is.
  std::string again;
  for (int i = 0; i < 100 && StatusOf(again) != 200; ++i) {
    refused.Send(Request("GET", "/worker"));
    again = refused.ReadResponse();
  }
  EXPECT_EQ(StatusOf(again), 200);
}

TEST(ServerWorkers, ClientsThatDoNotTakeTheirAnswersGiveTheirWorkersBack) {
  ServerOptions options;
  options.transfers = 1;
  options.min_rate_window = std::chrono::milliseconds(200);
  Serving serving(options);
  RawConnection deaf = serving.Connect();
  deaf.Send(Request("GET", "/stream"));
  for (int i = 0; i < 1000 && serving.handler.failed_transfers == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(serving.handler.failed_transfers, 1);
  std::string response;
  for (int i = 0; i < 100 && StatusOf(response) != 200; ++i) {
    response = serving.Ask(Request("GET", "/worker"));
  }
  EXPECT_EQ(StatusOf(response), 200);
}

TEST(ServerWorkers, ManyTransfersAtOnceEachGetTheirOwnAnswer) {
  const Serving serving;
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&serving, i] {
      RawConnection connection = serving.Connect();
      const std::string body(static_cast<std::size_t>(i) * 100'000 + 1, static_cast<char>('a' + i));
      for (int j = 0; j < 10; ++j) {
        connection.Send(
            Request("PUT", "/echo", "Content-Length: " + std::to_string(body.size()) + "\r\n") +
            body);
        const std::string response = connection.ReadResponse();
        EXPECT_TRUE(BodyOf(response) == body) << response.substr(0, 300) << "; " << body.size();
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace mkv::http
