// The gateway with -cert and -key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "tests/gateway/gateway_test.h"
#include "tests/support/file_text.h"
#include "tests/support/generated_value.h"
#include "tests/support/process.h"
#include "tests/support/raw_connection.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_client.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Tls : public GatewayTest {
 protected:
  void Serve(std::map<std::string, std::optional<std::string>> environment = {}) {
    Start({.arguments = {"-cert", server_.certificate, "-key", server_.key},
           .environment = std::move(environment),
           .authority = authority_.file()});
  }
  bool Logged(const std::string& text) {
    for (int i = 0; i < 1000; ++i) {
      if (cluster().gateway().Log().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  // The name that the gateway's certificate has for a new connection.
  std::string ServerName() {
    TlsClient client(cluster().gateway().port(), {.authority = authority_.file()});
    EXPECT_TRUE(client.Handshake()) << client.error();
    return client.server_name();
  }

  const TempFolder folder_;
  const TestAuthority authority_{folder_.path()};
  const TestAuthority::Certificate server_ = authority_.Issue("server");
};

TEST_F(Tls, ServesTheNativeApi) {
  Serve();
  EXPECT_TRUE(Logged("(TLS)"));
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  EXPECT_EQ(cluster().Put("/key", "value").status, 403);
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_EQ(cluster().List().size(), 1U);
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(cluster().Put("/large", large).status, 201);
  EXPECT_EQ(cluster().Get("/large").body, large);
  EXPECT_EQ(cluster().Delete("/key").status, 204);
}

TEST_F(Tls, IsNotSpokenBesideRequestsInTheClear) {
  Serve();
  RawConnection client(cluster().gateway().port());
  client.Send("GET /.mkv/health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd().find("HTTP"), std::string::npos);
  EXPECT_TRUE(client.closed());
}

TEST_F(Tls, ShowsAnotherCertificateAfterSighup) {
  Serve();
  EXPECT_EQ(ServerName(), "server");
  const auto other = authority_.Issue("other");
  const auto overwrite = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(other.certificate, server_.certificate, overwrite);
  cluster().gateway().Signal(SIGHUP);
  ASSERT_TRUE(Logged("reload failed"));
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("is not the key of"));
  EXPECT_EQ(ServerName(), "server") << "as it was";

  std::filesystem::copy_file(other.key, server_.key, overwrite);
  cluster().gateway().Signal(SIGHUP);
  ASSERT_TRUE(Logged("settings re-read"));
  EXPECT_EQ(ServerName(), "other");
}

TEST_F(Tls, AdminCommandsAreSentOverIt) {
  Serve({{"MKV_ACCESS_KEY", "ACCESS"}, {"MKV_SECRET_KEY", "SECRET"}});
  const auto rebalance = [this](const std::string& url, const std::string& authorities) {
    const auto output = folder_.path() / "output";
    std::filesystem::remove(output);
    const auto status = RunProgram({.arguments = {ProgramUnderTest(), "-server", url, "rebalance"},
                                    .environment = {{"MKV_ACCESS_KEY", "ACCESS"},
                                                    {"MKV_SECRET_KEY", "SECRET"},
                                                    {"SSL_CERT_FILE", authorities}},
                                    .output = output});
    return std::to_string(status.value_or(-1)) + " " + FileText(output);
  };
  const std::string url = cluster().gateway().url();
  EXPECT_THAT(rebalance(url, authority_.file()), ::testing::StartsWith("0 "));
  EXPECT_THAT(rebalance(url, "/dev/null"), ::testing::StartsWith("1 ")) << "by nobody known";
  EXPECT_THAT(rebalance("http" + url.substr(5), authority_.file()), ::testing::StartsWith("1 "));
}

TEST_F(Tls, AKeyThatOthersCanReadIsRefused) {
  std::filesystem::permissions(server_.key, std::filesystem::perms(0644));
  const auto output = folder_.path() / "output";
  EXPECT_EQ(RunProgram({.arguments = {ProgramUnderTest(), "-volumes", "a:1,b:2,c:3", "-db",
                                      folder_.path() / "index", "-cert", server_.certificate,
                                      "-key", server_.key, "server"},
                        .output = output}),
            1);
  EXPECT_THAT(FileText(output), HasSubstr("run `chmod 600 " + server_.key.string() + "`"));
  EXPECT_EQ(
      RunProgram({.arguments = {ProgramUnderTest(), "-volumes", "a:1,b:2,c:3", "-db",
                                folder_.path() / "index", "-cert", server_.certificate, "server"},
                  .output = output}),
      2);
  EXPECT_THAT(FileText(output), HasSubstr("-cert and -key go together"));
}

}  // namespace
}  // namespace mkv::testing
