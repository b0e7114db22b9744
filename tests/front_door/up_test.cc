// The store that `./mkv up` starts: what of it a stranger on the same machine can reach.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/volumes/signed_link.h"
#include "tests/support/descriptor.h"
#include "tests/support/file_text.h"
#include "tests/support/http_client.h"
#include "tests/support/network.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// A port that is free together with the three after it, which `up` gives to the volumes.
std::uint16_t FourFreePorts() {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const std::uint16_t port = FreePort();
    if (port > 65000) continue;
    bool free = true;
    for (std::uint16_t i = 1; i <= 3; ++i) {
      free = free && !Accepts(static_cast<std::uint16_t>(port + i));
    }
    if (free) return port;
  }
  throw std::runtime_error("no four free ports in a row");
}

class Up : public ::testing::Test {
 protected:
  void SetUp() override { Start(); }
  void TearDown() override {
    if (!HasFailure()) return;
    for (const auto& log : std::filesystem::directory_iterator(data() / "log")) {
      std::cout << "--- " << log.path().filename().string() << "\n" << FileText(log.path());
    }
  }

  void Start() {
    port_ = FourFreePorts();
    process_.emplace(ProcessOptions{.arguments = {SourceFile("mkv"), "up", "--data",
                                                  data().string(), "--port", std::to_string(port_)},
                                    .environment = OfATerminalInUse(),
                                    .output = Output(),
                                    .death_signal = SIGTERM});
    const auto deadline = std::chrono::steady_clock::now() + 200s;
    while (FileText(Output()).find("\nready: ") == std::string::npos) {
      ASSERT_TRUE(process_->running()) << FileText(Output());
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << FileText(Output());
      std::this_thread::sleep_for(50ms);
    }
    key_ = FileText(data() / "volume.key");
    ASSERT_THAT(key_, ::testing::MatchesRegex("[A-Za-z0-9]{40}\n"));
    key_.pop_back();
    std::smatch found;
    const std::string printed = FileText(Output());
    ASSERT_TRUE(std::regex_search(printed, found, std::regex("curl -u ([^ :]+):([^ ]+) ")));
    credentials_ = found.str(1) + ":" + found.str(2);
    secret_ = found.str(2);
  }

  // What somebody may have exported for other commands: what `up` prints for curl, and what
  // docs/operations.md has for the volumes and the gateway.
  static std::map<std::string, std::optional<std::string>> OfATerminalInUse() {
    return {{"KEY", "ACCESS:SECRET"},
            {"MKV_ACCESS_KEY", "ACCESS"},
            {"MKV_SECRET_KEY", "SECRET"},
            {"TLS_KEY", "volume.key"},
            {"TLS_CERT", "volume.pem"},
            {"WORKERS", "many"},
            {"MKV_VOLUME_KEY", "another-volumes-key"}};
  }

  void Stop() {
    process_->Terminate();
    process_.reset();
    std::filesystem::remove(Output());
  }

  std::filesystem::path data() const { return folder_.path() / "store"; }
  std::filesystem::path Output() const { return folder_.path() / "output"; }
  // By curl, which takes a user and a password in the URL.
  std::string Gateway(const std::string& key) const {
    return "http://" + credentials_ + "@127.0.0.1:" + std::to_string(port_) + key;
  }
  int Status(const std::string& method, const std::string& url,
             std::optional<std::string> body = std::nullopt) {
    return client_.Do({.method = method, .url = url, .body = std::move(body)}).status;
  }
  std::string Link(const std::string& key) {
    return client_.Do({.method = "HEAD", .url = Gateway(key)}).Header("Location");
  }

  const TempFolder folder_;
  std::uint16_t port_ = 0;
  std::string key_;
  std::string credentials_;
  std::string secret_;
  HttpClient client_;
  std::optional<Process> process_;
};

TEST_F(Up, ItsVolumesAreOpenToItsGatewayAndSignedLinksAlone) {
  ASSERT_EQ(Status("PUT", Gateway("/hello"), "world"), 201);
  const std::string link = Link("/hello");
  ASSERT_THAT(link, HasSubstr("?md5="));
  EXPECT_EQ(client_.Get(link).body, "world");

  const std::string unsigned_link = link.substr(0, link.find('?'));
  EXPECT_EQ(Status("GET", unsigned_link), 403);
  EXPECT_EQ(Status("PUT", link, "other"), 403);
  EXPECT_EQ(Status("DELETE", link), 403);
  EXPECT_EQ(Status("GET", link + "0"), 403) << "a later end is another signature";
  std::string altered = link;
  altered.at(altered.find("md5=") + 4) ^= 1;
  EXPECT_EQ(Status("GET", altered), 403);

  // The link's own path, signed with the right key, but expired.
  const std::string volume = link.substr(7, link.find('/', 7) - 7);
  const std::string path = unsigned_link.substr(7 + volume.size());
  const BlobLocation blob{volume, path};
  const auto now = std::time(nullptr);
  EXPECT_EQ(Status("GET", unsigned_link + LinkSignature(blob, now + 60, key_)), 200);
  EXPECT_EQ(Status("GET", unsigned_link + LinkSignature(blob, now - 1, key_)), 403);

  for (std::uint16_t i = 1; i <= 3; ++i) {
    const std::string url = "http://localhost:" + std::to_string(port_ + i);
    for (const std::string somewhere :
         {"/", "/sv00/", "/sv00/5d/41/aGVsbG8=", "/.nginx/nginx.conf"}) {
      for (const std::string method : {"GET", "HEAD", "DELETE", "PROPFIND", "MKCOL", "MOVE"}) {
        EXPECT_EQ(Status(method, url + somewhere), 403) << method << ' ' << url << somewhere;
      }
      EXPECT_EQ(Status("PUT", url + somewhere, "value"), 403) << url << somewhere;
    }
  }
  EXPECT_EQ(client_.Do({.url = Gateway("/hello"), .follow_redirects = true}).body, "world");
}

TEST_F(Up, ItsSecretsAreInFilesOfItsUserAndOnNoCommandLine) {
  for (const std::string name : {"volume.key", "credentials.json"}) {
    struct stat status {};
    ASSERT_EQ(stat((data() / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
  struct stat folder {};
  ASSERT_EQ(stat(data().c_str(), &folder), 0);
  EXPECT_EQ(folder.st_mode & 0777U, 0700U) << "the values are nobody else's either";
  ASSERT_EQ(Status("PUT", Gateway("/hello"), "world"), 201);
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string command = FileText(entry.path() / "cmdline");
    if (command.find(data()) == std::string::npos) continue;
    ++seen;
    EXPECT_THAT(command, Not(HasSubstr(key_)));
    EXPECT_THAT(command, Not(HasSubstr(secret_)));
  }
  EXPECT_GE(seen, 2) << "the gateway and this test's own ./mkv up at least";
  for (const auto& log : std::filesystem::directory_iterator(data() / "log")) {
    EXPECT_THAT(FileText(log.path()), Not(HasSubstr(key_))) << log.path();
    EXPECT_THAT(FileText(log.path()), Not(HasSubstr(secret_))) << log.path();
  }
  EXPECT_THAT(FileText(Output()), Not(HasSubstr(key_)));
}

// localhost is ::1 first, where another program may listen: it must not get the admin's secret.
TEST_F(Up, PrintsTheAddressThatItsGatewayHas) {
  EXPECT_THAT(FileText(Output()), HasSubstr("\nready: http://127.0.0.1:"));
  EXPECT_THAT(FileText(Output()), Not(HasSubstr("//localhost")));
}

TEST_F(Up, KeepsItsKeysFromOneRunToTheNext) {
  ASSERT_EQ(Status("PUT", Gateway("/hello"), "world"), 201);
  const std::string key = key_;
  const std::string credentials = credentials_;
  Stop();
  Start();
  EXPECT_EQ(key_, key);
  EXPECT_EQ(credentials_, credentials);
  EXPECT_EQ(client_.Do({.url = Gateway("/hello"), .follow_redirects = true}).body, "world");
}

// As a development server may, which calls that localhost: the volumes are called so, too.
TEST(UpBesideAServerOnTheOtherLoopback, LeavesItsPortsAlone) {
  const TempFolder folder;
  for (const std::uint16_t offset : {0, 2}) {
    const std::uint16_t port = FourFreePorts();
    const auto taken = static_cast<std::uint16_t>(port + offset);
    const Descriptor server(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(taken);
    address.sin6_addr = in6addr_loopback;
    if (bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(server.get(), 1) != 0) {
      GTEST_SKIP() << "there is no ::1 here";
    }
    const auto output = folder.path() / ("output" + std::to_string(offset));
    EXPECT_EQ(RunProgram({.arguments = {SourceFile("mkv"), "up", "--data",
                                        (folder.path() / "store").string(), "--port",
                                        std::to_string(port)},
                          .output = output,
                          .death_signal = SIGTERM}),
              1);
    EXPECT_THAT(FileText(output), HasSubstr("port " + std::to_string(taken) + " is taken"));
  }
}

}  // namespace
}  // namespace mkv::testing
