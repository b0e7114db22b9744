// What the gateway knows and nobody else is to learn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/gateway/gateway_test.h"
#include "tests/support/file_text.h"
#include "tests/support/process.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kVolumeKey[] = "volume-key-0123456789";
constexpr char kSecretKey[] = "a/very+secret=key";
constexpr char kSignature[] = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

class Secrets : public GatewayTest {
 protected:
  void Serve(std::vector<std::string> run_by = {}) {
    Start({.volume_key = kVolumeKey,
           .arguments = {"-v"},
           .environment = {{"MKV_ACCESS_KEY", "ACCESS"}, {"MKV_SECRET_KEY", kSecretKey}},
           .run_by = std::move(run_by)});
  }
};

TEST_F(Secrets, AreInNoLogNoAnswerAndOnNoCommandLine) {
  Serve();
  // base64("ACCESS:a/very+secret=key")
  const std::string basic = "QUNDRVNTOmEvdmVyeStzZWNyZXQ9a2V5";
  const std::string with_basic = "Authorization: Basic " + basic;
  std::string answers;
  const auto ask = [&](const std::string& method, const std::string& target,
                       std::vector<std::string> headers) {
    const HttpResponse response = Do(method, target, std::move(headers));
    answers += response.body;
    for (const auto& [name, value] : response.headers) {
      answers.append(name).append(": ").append(value).append("\n");
    }
    return response.status;
  };
  EXPECT_EQ(ask("GET", "/key", {with_basic}), 404);
  EXPECT_EQ(ask("GET", "/key", {"Authorization: Basic x" + basic}), 401);
  EXPECT_EQ(ask("FETCH", "/key", {with_basic}), 405);
  EXPECT_EQ(ask("GET",
                std::string("/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=") +
                    kSignature + "&X-Amz-Credential=ACCESS%2F20260101",
                {}),
            400);
  EXPECT_EQ(ask("GET",
                std::string("/bucket/key?AWSAccessKeyId=ACCESS&Expires=1&Signature=") + kSignature +
                    "&x-amz-security-token=" + kSignature,
                {}),
            403);
  EXPECT_EQ(ask("GET", "/bucket/key",
                {std::string("Authorization: AWS4-HMAC-SHA256 Credential=ACCESS/20260101/r/s3/"
                             "aws4_request, SignedHeaders=host, Signature=") +
                     kSignature,
                 "x-amz-date: 20260101T000000Z"}),
            400);
  const HttpResponse put = cluster().client().Do({.method = "PUT",
                                                  .url = cluster().gateway().url() + "/key",
                                                  .headers = {with_basic},
                                                  .body = "value"});
  EXPECT_EQ(put.status, 201);
  EXPECT_EQ(ask("GET", "/key", {with_basic}), 302);
  cluster().volume(0).Stop();
  EXPECT_EQ(ask("DELETE", "/key", {with_basic}), 204);
  const std::string command =
      FileText("/proc/" + std::to_string(cluster().gateway().pid()) + "/cmdline");
  EXPECT_THAT(command, HasSubstr("-volumes"));
  ASSERT_EQ(cluster().gateway().Terminate(), 0);  // all is logged
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("X-Amz-Signature=***&X-Amz-Credential=ACCESS"));
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("x-amz-security-token=***"));
  for (const std::string& where : {answers, cluster().gateway().Log(), command}) {
    EXPECT_THAT(where, Not(HasSubstr(kVolumeKey)));
    EXPECT_THAT(where, Not(HasSubstr(kSecretKey)));
    EXPECT_THAT(where, Not(HasSubstr(basic)));
  }
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr(kSignature)));
}

// Whether a process that dies of SIGABRT leaves (or would leave) a core.
bool DumpsCore(Process& process) {
  process.Signal(SIGABRT);
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(process.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(info.si_status, SIGABRT);
  return info.si_code == CLD_DUMPED;
}

TEST(CoreFiles, AreNotLeftByTheGateway) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a build with sanitizers has to be looked into";
#endif
  const TempFolder folder;
  const std::vector<std::string> unlimited = {"prlimit", "--core=unlimited"};
  Process other(
      {.arguments = {"prlimit", "--core=unlimited", "sleep", "100"}, .folder = folder.path()});
  std::this_thread::sleep_for(300ms);  // for prlimit to become sleep
  if (!DumpsCore(other)) GTEST_SKIP() << "this machine writes no core files";

  Process gateway({.arguments = {"prlimit", "--core=unlimited", ProgramUnderTest(), "-volumes",
                                 "a:1,b:2,c:3", "-db", folder.path() / "index", "-port", "0",
                                 "-address", "127.0.0.1", "server"},
                   .environment = {{"MKV_VOLUME_KEY", kVolumeKey}},
                   .output = folder.path() / "log",
                   .folder = folder.path()});
  for (int i = 0; i < 1000 && FileText(folder.path() / "log").find("serving") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(10ms);
  }
  ASSERT_THAT(FileText(folder.path() / "log"), HasSubstr("serving"));
  EXPECT_FALSE(DumpsCore(gateway));
}

}  // namespace
}  // namespace mkv::testing
