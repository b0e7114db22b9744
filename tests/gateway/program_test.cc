// The program as somebody meets it on the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <latch>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/cluster.h"
#include "tests/support/file_text.h"
#include "tests/support/network.h"
#include "tests/support/process.h"
#include "tests/support/raw_connection.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tree.h"
#include "tests/volumes/misbehaving_server.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Program : public ::testing::Test {
 protected:
  std::optional<int> Run(const std::vector<std::string>& given,
                         std::map<std::string, std::optional<std::string>> environment = {}) {
    std::vector<std::string> arguments = {ProgramUnderTest()};
    arguments.insert(arguments.end(), given.begin(), given.end());
    const auto output = folder_.path() / "output";
    std::filesystem::remove(output);
    const std::optional<int> status = RunProgram({.arguments = std::move(arguments),
                                                  .environment = std::move(environment),
                                                  .output = output});
    output_ = FileText(output);
    return status;
  }
  std::string Index() const { return (folder_.path() / "index").string(); }

  const TempFolder folder_;
  std::string output_;  // of the last one run
};

TEST_F(Program, ShowsHelpAndVersion) {
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(output_, StartsWith("mkv: "));
  EXPECT_THAT(output_, HasSubstr("-volumes LIST"));
  EXPECT_EQ(Run({"-version"}), 0);
  EXPECT_THAT(output_, ::testing::MatchesRegex("mkv [0-9.]+\n"));
}

TEST_F(Program, RefusesABadCommandLineInOneLine) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(
      output_,
      "mkv: no command: one of server, rebuild, rebalance, scrub, check, backup, forget is wanted; "
      "see mkv --help\n");
  EXPECT_EQ(Run({"-replicas", "none", "server"}), 2);
  EXPECT_EQ(output_,
            "mkv: -replicas: \"none\" is not a number from 1 to 4294967295; see mkv --help\n");
  EXPECT_EQ(Run({"-what", "server"}), 2);
  EXPECT_EQ(output_, "mkv: unknown option -what; see mkv --help\n");
}

TEST_F(Program, RefusesVolumesThatCanNotWork) {
  EXPECT_EQ(Run({"-volumes", "a:1,b:2", "-db", Index(), "server"}), 1);
  EXPECT_THAT(output_, HasSubstr("3 replicas need as many volumes, 2 given"));
  EXPECT_EQ(Run({"-volumes", "a:1,b:2,a:1", "-db", Index(), "server"}), 1);
  EXPECT_THAT(output_, HasSubstr("volume `a:1` is listed twice"));
  EXPECT_EQ(Run({"-volumes", "http://a:1,b:2,c:3", "-db", Index(), "server"}), 1);
  EXPECT_THAT(output_, HasSubstr("`http://a:1` is no volume: host or host:port is wanted"));
  EXPECT_EQ(Run({"-volumes", "@/no/such/file", "-db", Index(), "server"}), 1);
  EXPECT_THAT(output_, HasSubstr("can not read the list of volumes in /no/such/file"));
  EXPECT_FALSE(std::filesystem::exists(Index())) << "nothing was touched";
}

TEST_F(Program, RefusesAuthoritiesThatItCanNotRead) {
  for (const std::string command : {"server", "rebuild"}) {
    EXPECT_EQ(Run({"-volumes", "a:1,b:2,c:3", "-volumes-tls", "-volumes-ca", "/no/such/file", "-db",
                   Index(), command}),
              1);
    EXPECT_THAT(output_, HasSubstr("-volumes-ca: can not read /no/such/file"));
  }
  EXPECT_FALSE(std::filesystem::exists(Index()));
}

TEST_F(Program, RefusesSocketsThatCanNotBe) {
  const std::string host(100, 'a');
  EXPECT_EQ(Run({"-volumes", host + ":1,b:2,c:3", "-volumes-sockets", folder_.path().string(),
                 "-db", Index(), "server"}),
            1);
  EXPECT_THAT(output_, HasSubstr("a:1.sock is longer than the 107 bytes that a socket's name"));

  const std::string folder = (folder_.path() / "sockets").string();
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms(0777));
  EXPECT_EQ(Run({"-volumes", "a:1,b:2,c:3", "-volumes-sockets", folder, "-db", Index(), "server"}),
            1);
  EXPECT_THAT(output_, HasSubstr("run `chmod o-w " + folder + "`"));
}

TEST_F(Program, RefusesAnIndexThatItCanNotOpen) {
  std::ofstream(Index()) << "a file";
  EXPECT_EQ(Run({"-volumes", "a:1,b:2,c:3", "-db", Index(), "server"}), 1);
  EXPECT_THAT(output_, HasSubstr(Index()));
  EXPECT_THAT(output_, HasSubstr("error"));
}

TEST_F(Program, BeginsNoEmptyIndexWhereARebuildDidNotEnd) {
  std::filesystem::create_directory(Index() + ".exchange");
  EXPECT_EQ(Run({"-volumes", "localhost:1", "-replicas", "1", "-db", Index(), "server"}), 1);
  EXPECT_THAT(output_, HasSubstr("there is no index in " + Index()));
  EXPECT_FALSE(std::filesystem::exists(Index()));
}

TEST_F(Program, RefusesAnIndexThatAnotherOneHasOpen) {
  Cluster cluster;
  EXPECT_EQ(cluster.gateway().RunCommand({"-port", "0", "server"}), 1);
  EXPECT_THAT(
      cluster.gateway().Log(),
      HasSubstr("is in use by process " + std::to_string(cluster.gateway().pid()) + " (mkv)"));
  EXPECT_EQ(cluster.gateway().RunCommand({"rebalance"}), 1);
  EXPECT_EQ(cluster.gateway().RunCommand({"forget", "a:1"}), 1);
  EXPECT_EQ(cluster.Put("/key", "value").status, 201) << "the first one does not mind";
}

TEST_F(Program, RefusesAPortThatIsTaken) {
  Cluster cluster;
  EXPECT_EQ(Run({"-volumes", "a:1,b:2,c:3", "-db", Index(), "-port",
                 std::to_string(cluster.gateway().port()), "server"}),
            1);
  EXPECT_THAT(output_, HasSubstr(std::to_string(cluster.gateway().port())));
  EXPECT_THAT(output_, HasSubstr("in use"));
  EXPECT_FALSE(std::filesystem::exists(Index())) << "what it made for nothing is gone";
}

TEST_F(Program, RefusesAVolumeKeyThatNoVolumeTakes) {
  for (const char* key : {"short", "with a space and more", "0123456789abcde\xc3\xa9"}) {
    EXPECT_EQ(Run({"-volumes", "a:1,b:2,c:3", "-db", Index(), "server"}, {{"MKV_VOLUME_KEY", key}}),
              2);
    EXPECT_EQ(
        output_,
        "mkv: MKV_VOLUME_KEY must be 16 to 128 characters of A-Z a-z 0-9 _ -; see mkv --help\n");
  }
  EXPECT_FALSE(std::filesystem::exists(Index())) << "nothing was touched";
}

TEST_F(Program, SendsNoSecretInTheClearToAnotherMachine) {
  // An address of documentation: nothing is there (RFC 5737).
  EXPECT_EQ(Run({"-server", "http://192.0.2.1:3000", "check"},
                {{"MKV_ACCESS_KEY", "ACCESS"}, {"MKV_SECRET_KEY", "0123456789abcdef"}}),
            1);
  EXPECT_THAT(output_, HasSubstr("would go to 192.0.2.1 in the clear: use https://"));
}

TEST_F(Program, NamesTheKeysThatAnAdminCallNeeds) {
  Cluster cluster(
      {.environment = {{"MKV_ACCESS_KEY", "ACCESS"}, {"MKV_SECRET_KEY", "0123456789abcdef"}}});
  const std::vector<std::string> check = {"-server", cluster.gateway().url(), "check"};
  EXPECT_EQ(Run(check), 1);
  EXPECT_THAT(output_, HasSubstr("set MKV_ACCESS_KEY and MKV_SECRET_KEY"));
  EXPECT_EQ(Run(check, {{"MKV_ACCESS_KEY", "ACCESS"}, {"MKV_SECRET_KEY", "wrong"}}), 1);
  EXPECT_THAT(output_, HasSubstr("MKV_ACCESS_KEY and MKV_SECRET_KEY in the environment are not"));
  EXPECT_EQ(Run(check, {{"MKV_ACCESS_KEY", "ACCESS"}, {"MKV_SECRET_KEY", "0123456789abcdef"}}), 0)
      << output_;
}

TEST_F(Program, ForgetEndsAtASignal) {
  std::latch asked(1);
  MisbehavingServer silent([&asked](MisbehavingServer::Connection& connection, int number) {
    connection.ReadHead();
    if (number == 0) asked.count_down();
    connection.AwaitClose();
  });
  Process forget(
      {.arguments = {ProgramUnderTest(), "-server", "http://" + silent.name(), "forget", "a:1"}});
  asked.wait();
  forget.Signal(SIGINT);
  EXPECT_EQ(forget.Wait(std::chrono::seconds(10)), 130);
}

TEST_F(Program, RaisesTheLimitOfOpenFiles) {
  Cluster cluster;
  const std::string limits =
      FileText("/proc/" + std::to_string(cluster.gateway().pid()) + "/limits");
  const auto line = limits.find("Max open files");
  ASSERT_NE(line, std::string::npos);
  unsigned long soft = 0;
  unsigned long hard = 1;
  ASSERT_EQ(std::sscanf(limits.c_str() + line, "Max open files %lu %lu", &soft, &hard), 2);
  EXPECT_EQ(soft, hard);
}

TEST_F(Program, ListensOnOneAddressOnly) {
  Cluster cluster({.arguments = {"-address", "127.0.0.1"}});
  // It is said once the port is open.
  for (int i = 0; i < 1000 && cluster.gateway().Log().find("serving on") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(cluster.gateway().Log(), HasSubstr("serving on 127.0.0.1:"));
  EXPECT_THAT(cluster.gateway().Log(), Not(HasSubstr("0.0.0.0")));
}

}  // namespace
}  // namespace mkv::testing
