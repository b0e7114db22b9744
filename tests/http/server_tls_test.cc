// The server's port with TLS: the same requests, and what TLS adds that can go wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/http/tls.h"
#include "tests/http/serving.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_client.h"

namespace mkv::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempFolder;
using testing::TestAuthority;
using testing::TlsClient;
using testing::TlsClientOptions;

class ServerTls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::signal(SIGPIPE, SIG_IGN);
    folder_ = std::make_unique<TempFolder>();
    authority_ = std::make_unique<TestAuthority>(folder_->path());
    first_ = authority_->Issue("first");
    second_ = authority_->Issue("second");
  }
  static void TearDownTestSuite() {
    authority_.reset();
    folder_.reset();
  }

  static ServerOptions WithCertificate(ServerOptions options = {}) {
    options.certificate = first_.certificate;
    options.private_key = first_.key;
    return options;
  }
  static TlsClient Connect(const Serving& serving, TlsClientOptions options = {}) {
    options.authority = authority_->file();
    TlsClient client(serving.server.port(), options);
    EXPECT_TRUE(client.Handshake()) << client.error();
    return client;
  }

  static inline std::unique_ptr<TempFolder> folder_;
  static inline std::unique_ptr<TestAuthority> authority_;
  static inline TestAuthority::Certificate first_;
  static inline TestAuthority::Certificate second_;
};

class EachVersion : public ServerTls, public ::testing::WithParamInterface<int> {};

TEST_P(EachVersion, AnswersOnTheLoopAndOnAWorker) {
  const Serving serving(WithCertificate());
  TlsClient client = Connect(serving, {.version = GetParam()});
  for (int i = 0; i < 3; ++i) {
    client.Send(Request("GET", "/hello"));
    EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
    client.Send(Request("GET", "/worker"));
    EXPECT_EQ(BodyOf(client.ReadResponse()), "worker");
  }
  EXPECT_TRUE(serving.handler.last_head().over_tls);
}

TEST_P(EachVersion, AnswersRequestsThatCameInOneRecordOneAfterTheOther) {
  const Serving serving(WithCertificate());
  TlsClient client = Connect(serving, {.version = GetParam()});
  client.Send(Request("POST", "/collect", "Transfer-Encoding: chunked\r\n") +
              "5\r\nhello\r\n0\r\n\r\n" + Request("GET", "/hello") + Request("GET", "/worker") +
              Request("POST", "/collect", "Content-Length: 3\r\n") + "abc" +
              Request("GET", "/hello"));
  EXPECT_THAT(BodyOf(client.ReadResponse()), StartsWith("5"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "worker");
  EXPECT_THAT(BodyOf(client.ReadResponse()), StartsWith("3"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
}

TEST_P(EachVersion, AnswersARequestThatEndsTheRecordOfABody) {
  const Serving serving(WithCertificate());
  TlsClient client = Connect(serving, {.version = GetParam()});
  // The worker reads no further than its body, and no poll tells of what TLS has decrypted beyond.
  client.Send(Request("POST", "/collect", "Content-Length: 2000000\r\n"));
  client.Send(std::string(2'000'000, 'x') + Request("GET", "/hello") + Request("GET", "/worker"));
  EXPECT_THAT(BodyOf(client.ReadResponse()), StartsWith("2000000"));
  EXPECT_EQ(BodyOf(client.ReadResponse(false, milliseconds(5000))), "hello");
  EXPECT_EQ(BodyOf(client.ReadResponse(false, milliseconds(5000))), "worker");
}

TEST_P(EachVersion, MovesLargeBodiesBothWays) {
  const Serving serving(WithCertificate());
  TlsClient client = Connect(serving, {.version = GetParam()});
  std::string body(9 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + (i >> 16));
  client.Send(
      Request("POST", "/collect", "Content-Length: " + std::to_string(body.size()) + "\r\n"));
  client.Send(body);
  EXPECT_THAT(BodyOf(client.ReadResponse()), StartsWith(std::to_string(body.size())));
  for (const char* const path : {"/stream", "/big"}) {
    client.Send(Request("GET", path));
    const std::string answer = client.ReadResponse();
    EXPECT_EQ(BodyOf(answer), std::string(serving.handler.big_bytes, path[1])) << path;
  }
  client.Send(Request("GET", "/hello"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
}

TEST_P(EachVersion, SendsACloseNotifyBehindTheLastAnswer) {
  const Serving serving(WithCertificate());
  for (const char* const path : {"/hello", "/worker", "/stream"}) {
    TlsClient client = Connect(serving, {.version = GetParam()});
    client.Send(Request("GET", path, "Connection: close\r\n"));
    EXPECT_EQ(StatusOf(client.ReadToEnd()), 200);
    EXPECT_TRUE(client.notified()) << path;
  }
  // An answer before the body was read: the connection lingers.
  TlsClient client = Connect(serving, {.version = GetParam()});
  client.Send(Request("PUT", "/early", "Content-Length: 9000000\r\n"));
  EXPECT_EQ(StatusOf(client.ReadToEnd()), 403);
  EXPECT_TRUE(client.notified());
}

INSTANTIATE_TEST_SUITE_P(Tls, EachVersion, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "12" : "13";
                         });

TEST_F(ServerTls, AnAnswerBrokenOffHasNoCloseNotify) {
  const Serving serving(WithCertificate());
  TlsClient client = Connect(serving);
  client.Send(Request("GET", "/breakoff"));
  client.ReadToEnd();
  EXPECT_FALSE(client.notified());
}

TEST_F(ServerTls, AClientMayShutItsSideAndStillGetItsAnswer) {
  const Serving serving(WithCertificate());
  TlsClient client = Connect(serving);
  client.Send(Request("GET", "/later"));
  client.SendCloseNotify();
  EXPECT_EQ(BodyOf(client.ReadToEnd()), "later");
}

TEST_F(ServerTls, OlderVersionsAreRefused) {
  const Serving serving(WithCertificate());
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsClient client(serving.server.port(), {.authority = authority_->file(), .version = version});
    EXPECT_FALSE(client.Handshake());
    EXPECT_THAT(client.error(), HasSubstr("alert protocol version"));
  }
}

TEST_F(ServerTls, SpeaksHttp11AndNothingElse) {
  const Serving serving(WithCertificate());
  EXPECT_EQ(Connect(serving, {.protocols = {"h2", "http/1.1"}}).protocol(), "http/1.1");
  TlsClient other(serving.server.port(), {.authority = authority_->file(), .protocols = {"h2"}});
  EXPECT_FALSE(other.Handshake());
  EXPECT_THAT(other.error(), HasSubstr("no application protocol"));
}

TEST_F(ServerTls, RequestsInTheClearGetNothing) {
  const Serving serving(WithCertificate());
  testing::RawConnection client = serving.Connect();
  client.Send(Request("GET", "/hello"));
  EXPECT_THAT(client.ReadToEnd(), ::testing::Not(HasSubstr("HTTP")));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTls, BytesThatComeOneByOneAreAsGood) {
  const Serving serving(WithCertificate());
  TlsClient client = Connect(serving, {.byte_by_byte = true});
  client.Send(Request("POST", "/collect", "Content-Length: 5\r\n") + "hello");
  EXPECT_THAT(BodyOf(client.ReadResponse()), StartsWith("5"));
}

TEST_F(ServerTls, AHandshakeThatStandsStillDelaysNobodyAndIsEnded) {
  ServerOptions options = WithCertificate();
  options.head_timeout = milliseconds(500);
  options.loops = 1;  // which they all share
  const Serving serving(options);
  std::vector<testing::RawConnection> stalled;
  for (int i = 0; i < 100; ++i) {
    stalled.push_back(serving.Connect());
    // Half of a ClientHello, or nothing.
    if (i % 2 == 0) stalled.back().Send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  }
  TlsClient client = Connect(serving);
  client.Send(Request("GET", "/hello"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
  const auto begin = steady_clock::now();
  for (testing::RawConnection& connection : stalled) EXPECT_TRUE(connection.AwaitClose());
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(8));
}

TEST_F(ServerTls, AHandshakeThatIsBrokenOffHarmsNothing) {
  const Serving serving(WithCertificate());
  for (int i = 0; i < 20; ++i) {
    testing::RawConnection client = serving.Connect();
    client.Send(std::string("\x16\x03\x01\x02\x00\x01", 6));
    if (i % 2 == 0) {
      client.Reset();
    } else {
      client.Close();
    }
  }
  TlsClient client = Connect(serving);
  client.Send(Request("GET", "/hello"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
}

TEST_F(ServerTls, StopDoesNotWaitForHandshakes) {
  ServerOptions options = WithCertificate();
  options.stop_timeout = std::chrono::seconds(20);
  Serving serving(options);
  testing::RawConnection stalled = serving.Connect();
  stalled.Send("\x16\x03\x01");
  Connect(serving).Send(Request("GET", "/hello"));  // the loops have accepted the other by now
  const auto begin = steady_clock::now();
  EXPECT_TRUE(serving.server.Stop());
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(ServerTls, AnotherCertificateIsShownToNewConnections) {
  const auto changing = authority_->Issue("changing");
  ServerOptions options;
  options.certificate = changing.certificate;
  options.private_key = changing.key;
  Serving serving(options);
  TlsClient old = Connect(serving);
  EXPECT_EQ(old.server_name(), "changing");

  const auto overwrite = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(second_.certificate, changing.certificate, overwrite);
  EXPECT_THROW(serving.server.ReloadCertificate(), TlsError) << "the key is another's";
  EXPECT_EQ(Connect(serving).server_name(), "changing");

  std::filesystem::copy_file(second_.key, changing.key, overwrite);
  serving.server.ReloadCertificate();
  EXPECT_EQ(Connect(serving).server_name(), "second");
  old.Send(Request("GET", "/hello"));
  EXPECT_EQ(BodyOf(old.ReadResponse()), "hello");
}

TEST_F(ServerTls, FilesThatCanNotBeUsedAreNamed) {
  const auto refusal = [](const std::string& certificate, const std::string& key) -> std::string {
    try {
      const TlsCertificate loaded(certificate, key);
    } catch (const TlsError& error) {
      return error.what();
    }
    return "";
  };
  const std::string certificate = first_.certificate;
  const std::string key = first_.key;
  EXPECT_EQ(refusal(certificate, key), "");
  EXPECT_THAT(refusal("/no/such.pem", key), StartsWith("/no/such.pem: "));
  EXPECT_THAT(refusal(certificate, "/no/such.key"), StartsWith("/no/such.key: can not be opened"));
  EXPECT_THAT(refusal(key, key), StartsWith(key + ": is no readable PEM certificate"));
  EXPECT_THAT(refusal(certificate, second_.key),
              StartsWith(second_.key.string() + ": is not the key of "));

  const std::string open = folder_->path() / "open.key";
  std::filesystem::copy_file(key, open);
  std::filesystem::permissions(open, std::filesystem::perms(0640));
  EXPECT_THAT(refusal(certificate, open), HasSubstr("others than its owner have access"));

  const std::string locked = folder_->path() / "locked.key";
  ASSERT_EQ(testing::RunProgram({.arguments = {"openssl", "pkey", "-in", key, "-out", locked,
                                               "-aes128", "-passout", "pass:secret"}}),
            0);
  std::filesystem::permissions(locked, std::filesystem::perms(0600));
  EXPECT_THAT(refusal(certificate, locked), StartsWith(locked + ": is no PEM key without a pass"));
}

}  // namespace
}  // namespace mkv::http
