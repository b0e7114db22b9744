#include "mkvcore/volumes/volume_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "mkvcore/volumes/volume_health.h"
#include "tests/support/own_mount.h"
#include "tests/support/test_authority.h"
#include "tests/volumes/generated_source.h"
#include "tests/volumes/misbehaving_server.h"
#include "tests/volumes/test_volume.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;
using testing::MisbehavingServer;
using testing::TestVolume;
using testing::ValueOf;
using Delivery = VolumeAnswer::Delivery;

class VolumeClientTest : public ::testing::Test {
 protected:
  static VolumeOptions Options() {
    VolumeOptions options;
    options.timeouts.head = 300ms;
    options.timeouts.remove = 300ms;
    options.timeouts.stall = 1s;
    options.listing_bytes = 100'000;
    return options;
  }
  VolumeAnswer Head(const std::string& volume, const std::string& path) {
    const BlobLocation blob{volume, path};
    return client_.Head({&blob, 1}).at(0);
  }
  VolumeAnswer Delete(const std::string& volume, const std::string& path) {
    const BlobLocation blob{volume, path};
    return client_.Delete({&blob, 1}).at(0);
  }
  Listing List(const std::string& volume, const std::string& path) {
    const BlobLocation folder{volume, path};
    return client_.List({&folder, 1}).at(0);
  }

  VolumeHealth health_;
  VolumeClient client_{Options(), health_};
  TestVolume volume_;
};

TEST_F(VolumeClientTest, HeadTellsSizeAndTime) {
  volume_.Store("/aa/bb/x", "hello");
  const VolumeAnswer answer = Head(volume_.name(), "/aa/bb/x");
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(answer.content_length, 5u);
  ASSERT_TRUE(answer.last_modified);
  EXPECT_NEAR(static_cast<double>(*answer.last_modified), static_cast<double>(std::time(nullptr)),
              60);
  EXPECT_TRUE(health_.AnsweringSince(volume_.name()));
}

TEST_F(VolumeClientTest, ManyVolumesAreAskedAtOnceAndAnswerInOrder) {
  TestVolume paused, dead;
  paused.Pause();
  dead.Kill();
  volume_.Store("/aa/bb/x", "hello");
  const std::vector<BlobLocation> blobs = {{paused.name(), "/aa/bb/x"},
                                           {volume_.name(), "/aa/bb/x"},
                                           {dead.name(), "/aa/bb/x"},
                                           {volume_.local_name(), "/aa/bb/y"},
                                           {paused.name(), "/aa/bb/y"}};
  const auto begin = std::chrono::steady_clock::now();
  const auto answers = client_.Head(blobs);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  ASSERT_EQ(answers.size(), 5u);
  EXPECT_EQ(answers[0].delivery, Delivery::kUnanswered);
  EXPECT_TRUE(answers[1].ok());
  EXPECT_EQ(answers[2].delivery, Delivery::kNeverSent);
  EXPECT_FALSE(answers[2].error.empty());
  EXPECT_TRUE(answers[3].missing());
  EXPECT_EQ(answers[4].delivery, Delivery::kUnanswered);
  EXPECT_THAT(health_.Down(), ::testing::UnorderedElementsAre(paused.name(), dead.name()));
  paused.Resume();
}

TEST_F(VolumeClientTest, DeleteRemovesABlob) {
  volume_.Store("/aa/bb/x", "hello");
  EXPECT_EQ(Delete(volume_.name(), "/aa/bb/x").status, 204);
  EXPECT_FALSE(volume_.File("/aa/bb/x"));
  EXPECT_TRUE(Delete(volume_.name(), "/aa/bb/x").missing());
}

TEST_F(VolumeClientTest, DeleteOfAFolderIsRefused) {
  volume_.Store("/aa/bb/x/y", "hello");
  for (const char* path : {"/aa/bb/x/", "/", "", "/aa/bb/?x", "/aa/bb/x/%2e"}) {
    EXPECT_THROW(Delete(volume_.name(), path), std::invalid_argument) << path;
  }
  EXPECT_EQ(volume_.File("/aa/bb/x/y"), "hello");
}

TEST_F(VolumeClientTest, DeleteAtAPausedVolumeMayStillBeCarriedOut) {
  volume_.Store("/aa/bb/x", "hello");
  volume_.Pause();
  EXPECT_EQ(Delete(volume_.name(), "/aa/bb/x").delivery, Delivery::kUnanswered);
  volume_.Resume();
  for (int i = 0; i < 500 && volume_.File("/aa/bb/x"); ++i) ::usleep(10'000);
  EXPECT_FALSE(volume_.File("/aa/bb/x"));
}

TEST_F(VolumeClientTest, DeleteOverADeadConnectionIsSentAgain) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int number) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 204 No Content\r\n\r\n");
    if (number > 0) return connection.AwaitClose();
    connection.ReadHead();
    connection.Reset();
  });
  EXPECT_TRUE(Delete(server.name(), "/aa/bb/x").ok());
  // What was sent first may yet delete what comes to lie there.
  const VolumeAnswer answer = Delete(server.name(), "/aa/bb/x");
  EXPECT_EQ(answer.delivery, Delivery::kUnanswered);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(server.connections(), 2);
}

// A volume that was restarted, say: nothing is in doubt.
TEST_F(VolumeClientTest, DeleteGoesOverNoConnectionThatWasClosedMeanwhile) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int number) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 204 No Content\r\n\r\n");
    if (number > 0) connection.AwaitClose();
  });
  EXPECT_TRUE(Delete(server.name(), "/aa/bb/x").ok());
  std::this_thread::sleep_for(1100ms);
  EXPECT_TRUE(Delete(server.name(), "/aa/bb/x").ok());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(VolumeClientTest, HeadOverADeadConnectionIsSentAgain) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int number) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n");
    if (number > 0) return connection.AwaitClose();
    connection.ReadHead();
    connection.Reset();
  });
  EXPECT_TRUE(Head(server.name(), "/aa/bb/x").missing());
  EXPECT_TRUE(Head(server.name(), "/aa/bb/x").missing());
  EXPECT_EQ(server.connections(), 2);
}

// The first try may have been carried out, though the second was never sent.
TEST_F(VolumeClientTest, RetryThatCanNotConnectIsNotNeverSent) {
  MisbehavingServer* server = nullptr;
  MisbehavingServer misbehaving([&](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 204 No Content\r\n\r\n");
    connection.ReadHead();
    server->StopListening();
    connection.Reset();
  });
  server = &misbehaving;
  EXPECT_EQ(Delete(server->name(), "/aa/bb/x").status, 204);
  EXPECT_EQ(Delete(server->name(), "/aa/bb/x").delivery, Delivery::kUnanswered);
  EXPECT_EQ(Delete(server->name(), "/aa/bb/x").delivery, Delivery::kNeverSent);
  EXPECT_EQ(server->connections(), 1);
}

TEST_F(VolumeClientTest, GetHandsOnTheBodyInPieces) {
  const std::string value = ValueOf(3'000'000);
  volume_.Store("/aa/bb/x", value);
  std::string got;
  std::size_t largest = 0;
  const auto answer = client_.Get({volume_.name(), "/aa/bb/x"}, "", [&](std::string_view piece) {
    got += piece;
    largest = std::max(largest, piece.size());
    return true;
  });
  EXPECT_TRUE(answer.ok());
  EXPECT_TRUE(got == value);
  EXPECT_LE(largest, 256u << 10);
}

TEST_F(VolumeClientTest, GetOfARange) {
  volume_.Store("/aa/bb/x", "0123456789");
  std::string got;
  const auto answer = client_.Get({volume_.name(), "/aa/bb/x"}, "3-5", [&](std::string_view piece) {
    got += piece;
    return true;
  });
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(got, "345");
}

TEST_F(VolumeClientTest, BodyOfAnErrorIsNotTheBlob) {
  const auto answer = client_.Get({volume_.name(), "/aa/bb/x"}, "", [](std::string_view) {
    ADD_FAILURE();
    return true;
  });
  EXPECT_TRUE(answer.missing());
}

TEST_F(VolumeClientTest, SinkMayStopAGet) {
  volume_.Store("/aa/bb/x", ValueOf(3'000'000));
  int pieces = 0;
  const auto answer =
      client_.Get({volume_.name(), "/aa/bb/x"}, "", [&](std::string_view) { return ++pieces < 2; });
  EXPECT_EQ(pieces, 2);
  EXPECT_EQ(answer.delivery, Delivery::kAnswered);
  EXPECT_FALSE(health_.IsDown(volume_.name()));
}

TEST_F(VolumeClientTest, WhatTheSinkThrowsIsThrownOn) {
  volume_.Store("/aa/bb/x", "hello");
  EXPECT_THROW(client_.Get({volume_.name(), "/aa/bb/x"}, "",
                           [](std::string_view) -> bool { throw std::domain_error("gone"); }),
               std::domain_error);
  EXPECT_TRUE(Head(volume_.name(), "/aa/bb/x").ok());
}

TEST_F(VolumeClientTest, BodyCutShortIsUnanswered) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  });
  std::string got;
  const auto answer = client_.Get({server.name(), "/aa/bb/x"}, "", [&](std::string_view piece) {
    got += piece;
    return true;
  });
  EXPECT_EQ(got, "12345");
  EXPECT_EQ(answer.delivery, Delivery::kUnanswered);
  EXPECT_FALSE(answer.ok());
  EXPECT_FALSE(answer.error.empty());
  EXPECT_TRUE(health_.IsDown(server.name()));
}

TEST_F(VolumeClientTest, BodyThatStopsComingTimesOut) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    connection.AwaitClose();
  });
  const auto answer =
      client_.Get({server.name(), "/aa/bb/x"}, "", [](std::string_view) { return true; });
  EXPECT_EQ(answer.delivery, Delivery::kUnanswered);
}

TEST_F(VolumeClientTest, RedirectIsNotFollowed) {
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 302 Found\r\nLocation: http://" + volume_.name() +
                    "/aa/bb/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  volume_.Store("/aa/bb/x", "hello");
  EXPECT_EQ(Head(server.name(), "/aa/bb/x").status, 302);
  EXPECT_EQ(Delete(server.name(), "/aa/bb/x").status, 302);
  std::string body;
  EXPECT_EQ(client_.GetWhole({server.name(), "/aa/bb/x"}, 100, &body).status, 302);
  EXPECT_EQ(body, "");
  EXPECT_EQ(volume_.File("/aa/bb/x"), "hello");
}

TEST_F(VolumeClientTest, GetWholeTakesUpToItsLimit) {
  volume_.Store("/aa/bb/x", "hello");
  std::string body;
  EXPECT_TRUE(client_.GetWhole({volume_.name(), "/aa/bb/x"}, 5, &body).ok());
  EXPECT_EQ(body, "hello");
  const auto answer = client_.GetWhole({volume_.name(), "/aa/bb/x"}, 4, &body);
  EXPECT_FALSE(answer.ok());
  EXPECT_FALSE(answer.error.empty());
  EXPECT_EQ(body, "");
  EXPECT_FALSE(health_.IsDown(volume_.name()));
}

TEST_F(VolumeClientTest, GetWholeTakesAsLongAsBytesCome) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    for (const char* byte : {"h", "e", "l", "l"}) {
      ::usleep(400'000);
      connection.Send(byte);
    }
    ::usleep(400'000);
    connection.Send("o");
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
    connection.AwaitClose();
  });
  std::string body;
  EXPECT_TRUE(client_.GetWhole({server.name(), "/aa/bb/x"}, 5, &body).ok());
  EXPECT_EQ(body, "hello");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(client_.GetWhole({server.name(), "/aa/bb/x"}, 5, &body).delivery,
            Delivery::kUnanswered);
  EXPECT_EQ(body, "");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 900ms);
  EXPECT_TRUE(health_.IsDown(server.name()));
}

TEST_F(VolumeClientTest, GetWholeDoesNotWaitForAnEndlessError) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 50; ++i) {
      connection.Send("x");
      ::usleep(100'000);
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  std::string body;
  EXPECT_EQ(client_.GetWhole({server.name(), "/aa/bb/x"}, 5, &body).delivery,
            Delivery::kUnanswered);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
}

TEST_F(VolumeClientTest, ListsNestedFolders) {
  volume_.Store("/aa/bb/x", "hello");
  volume_.Store("/aa/bb/dir/y", "");
  const std::string strange = "caf\xe9 \"q\" \\ %2F ?#\n+=~";
  volume_.Store("/aa/bb/" + strange + "/z", "12");
  Listing listing = List(volume_.name(), "/aa/bb/");
  ASSERT_TRUE(listing.answer.ok());
  std::vector<ListingEntry>& entries = listing.entries;
  ASSERT_EQ(entries.size(), 3u);
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  EXPECT_EQ(entries[0].name, strange);
  EXPECT_TRUE(entries[0].is_directory);
  EXPECT_EQ(entries[1].name, "dir");
  EXPECT_TRUE(entries[1].is_directory);
  EXPECT_EQ(entries[2].name, "x");
  EXPECT_EQ(entries[2].size, 5u);
  EXPECT_GT(entries[2].mtime, 1'000'000'000);

  listing = List(volume_.name(), "/aa/bb/" + strange + "/");
  ASSERT_TRUE(listing.answer.ok());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, "z");
}

TEST_F(VolumeClientTest, ListsManyFoldersAtOnceInTheOrderAskedFor) {
  std::vector<BlobLocation> folders;
  for (int i = 0; i < 40; ++i) {
    const std::string folder = "/aa/" + std::to_string(i) + "/";
    if (i % 3 != 0) volume_.Store(folder + std::to_string(i), "");
    folders.push_back({volume_.name(), folder});
  }
  const std::vector<Listing> listings = client_.List(folders);
  ASSERT_EQ(listings.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(listings[i].answer.missing(), i % 3 == 0) << i;
    if (i % 3 == 0) continue;
    ASSERT_EQ(listings[i].entries.size(), 1u) << i;
    EXPECT_EQ(listings[i].entries[0].name, std::to_string(i));
  }
}

TEST_F(VolumeClientTest, FolderThatIsNotThereHasNoEntries) {
  const Listing listing = List(volume_.name(), "/aa/bb/");
  EXPECT_TRUE(listing.answer.missing());
  EXPECT_TRUE(listing.entries.empty());
}

TEST_F(VolumeClientTest, ListingThatIsNoneIsAFailure) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<ul>");
  });
  const VolumeAnswer answer = List(server.name(), "/aa/bb/").answer;
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(answer.delivery, Delivery::kUnanswered);
  EXPECT_FALSE(answer.error.empty());
}

TEST_F(VolumeClientTest, ListingBeyondTheLimitIsAFailure) {
  for (int i = 0; i < 1500; ++i) volume_.Store("/aa/bb/" + std::to_string(i), "");
  const Listing listing = List(volume_.name(), "/aa/bb/");
  EXPECT_FALSE(listing.answer.ok());
  EXPECT_TRUE(listing.entries.empty());
  EXPECT_FALSE(health_.IsDown(volume_.name()));
}

TEST_F(VolumeClientTest, WhatIsNoFolderIsNotListed) {
  EXPECT_THROW(List(volume_.name(), "/aa/bb"), std::invalid_argument);
}

// A proxy that does not know of ranges, say.
TEST_F(VolumeClientTest, OtherBytesThanWereAskedForAreNoAnswer) {
  for (const char* const head : {"200 OK\r\n", "206 Partial Content\r\n",
                                 "206 Partial Content\r\nContent-Range: bytes 30-34/40\r\n"}) {
    MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
      connection.ReadHead();
      connection.Send("HTTP/1.1 " + std::string(head) + "Content-Length: 5\r\n\r\n01234");
      connection.AwaitClose();
    });
    const auto answer = client_.Get({server.name(), "/aa/bb/x"}, "3-7", [](std::string_view) {
      ADD_FAILURE() << "a byte that is not of the range";
      return true;
    });
    EXPECT_EQ(answer.delivery, Delivery::kUnanswered) << head;
    EXPECT_THAT(answer.error, ::testing::HasSubstr(" to the range 3-7"));
    EXPECT_FALSE(health_.IsDown(server.name())) << "it did answer";
  }
}

TEST_F(VolumeClientTest, TheMachinesAuthoritiesDoNotCountBesideThoseThatAreNamed) {
  const testing::TempFolder folder;
  std::filesystem::create_directories(folder.path() / "own");
  const testing::TestAuthority machines(folder.path(), "the machine's");
  const testing::TestAuthority own(folder.path() / "own");
  machines.FillCertificates(folder.path() / "certs");
  const auto [certificate, key] = machines.Issue("volume");
  const testing::NginxVolume volume({.folder = folder.path() / "volume",
                                     .subvolumes = 1,
                                     .certificate = certificate,
                                     .certificate_key = key});
  const bool ran = testing::RunWithOwnMount("/etc/ssl/certs", folder.path() / "certs", [&] {
    VolumeOptions options = Options();
    options.tls = true;
    const std::vector<BlobLocation> blob = {{volume.name(), "/aa/bb/x"}};
    EXPECT_TRUE(VolumeClient(options, health_).Head(blob).front().missing()) << "it counts at all";
    options.authorities = own.file();
    EXPECT_EQ(VolumeClient(options, health_).Head(blob).front().delivery, Delivery::kNeverSent);
  });
  if (!ran) GTEST_SKIP() << "needs the right to mount";
}

// Takes questions and answers none.
class SilentNameServer {
 public:
  SilentNameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    // An address of this process alone: the port is always the same.
    const auto process = static_cast<std::uint32_t>(::getpid());
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(0x7f400000 | (process & 0x3fffff));
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    address_ = text.data();
    listens_ = ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~SilentNameServer() { ::close(socket_); }
  SilentNameServer(const SilentNameServer&) = delete;
  SilentNameServer& operator=(const SilentNameServer&) = delete;

  bool listens() const { return listens_; }
  const std::string& address() const { return address_; }
  bool WasAsked() const {
    char question = 0;
    return ::recv(socket_, &question, 1, MSG_DONTWAIT) == 1;
  }

 private:
  int socket_;
  std::string address_;
  bool listens_ = false;
};

TEST_F(VolumeClientTest, NameServerThatDoesNotAnswerIsNotWaitedForAfterTheDeadline) {
  const SilentNameServer name_server;
  const testing::TempFolder folder;
  std::ofstream(folder.path() / "resolv.conf")
      << "nameserver " << name_server.address() << "\noptions timeout:30 attempts:1\n";
  const bool ran = name_server.listens() &&
                   testing::RunWithOwnMount("/etc/resolv.conf", folder.path() / "resolv.conf", [&] {
                     const auto begin = std::chrono::steady_clock::now();
                     const VolumeAnswer answer = client_.Get({"volume.test:3001", "/aa/bb/x"}, "",
                                                             [](std::string_view) { return true; });
                     EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s) << "it has 30 s";
                     EXPECT_EQ(answer.delivery, Delivery::kNeverSent);
                     EXPECT_TRUE(health_.IsDown("volume.test:3001"));
                   });
  if (!ran) GTEST_SKIP() << "needs the rights to mount, and to be a name server";
  EXPECT_TRUE(name_server.WasAsked());
}

}  // namespace
}  // namespace mkv
