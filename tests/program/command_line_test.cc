#include "s3api/program/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace mkv {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Options Parse(const std::vector<std::string>& given) {
  std::vector<std::string> arguments = {"mkv"};
  arguments.insert(arguments.end(), given.begin(), given.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return ParseCommandLine(static_cast<int>(arguments.size()), argv.data());
}

// What is said to somebody who got it wrong; "" when it was accepted.
std::string Complaint(const std::vector<std::string>& arguments) {
  try {
    Parse(arguments);
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(CommandLine, OfTheOriginalIsUnderstood) {
  const Options options =
      Parse({"-port", "3001", "-volumes", "a:1,b:2,c:3", "-db", "/tmp/indexdb", "-replicas", "2",
             "-subvolumes", "5", "-fallback", "old:3000", "-protect", "-md5sum=false",
             "-voltimeout", "1500ms", "-v", "server"});
  EXPECT_EQ(options.command, "server");
  EXPECT_EQ(options.http.port, 3001);
  EXPECT_EQ(options.volumes, "a:1,b:2,c:3");
  EXPECT_EQ(options.db, "/tmp/indexdb");
  EXPECT_EQ(options.replicas, 2U);
  EXPECT_EQ(options.subvolumes, 5U);
  EXPECT_EQ(options.redirect.fallback, "old:3000");
  EXPECT_TRUE(options.store.protect);
  EXPECT_FALSE(options.store.md5sum);
  EXPECT_EQ(options.volume.timeouts.head, 1500ms);
  EXPECT_TRUE(options.verbose);
}

TEST(CommandLine, HasTheOriginalsDefaults) {
  const Options options = Parse({"-volumes", "a,b,c", "-db", "d", "server"});
  EXPECT_EQ(options.http.port, 3000);
  EXPECT_EQ(options.replicas, 3U);
  EXPECT_EQ(options.subvolumes, 10U);
  EXPECT_EQ(options.redirect.fallback, "");
  EXPECT_FALSE(options.store.protect);
  EXPECT_TRUE(options.store.md5sum);
  EXPECT_EQ(options.volume.timeouts.head, 1s);
  EXPECT_FALSE(options.verbose);
}

TEST(CommandLine, TakesTwoDashesAndEqualsSignsAndAnyOrder) {
  const Options options = Parse({"rebuild", "--volumes=a,b,c", "--db=d", "-md5sum", "--rehash"});
  EXPECT_EQ(options.command, "rebuild");
  EXPECT_EQ(options.volumes, "a,b,c");
  EXPECT_EQ(options.db, "d");
  EXPECT_TRUE(options.store.md5sum);
  EXPECT_TRUE(options.rehash);
}

TEST(CommandLine, TakesGosSpellingsOfTrueAndFalse) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    EXPECT_TRUE(Parse({"-volumes", "a", "-db", "d", std::string("-protect=") + yes, "server"})
                    .store.protect);
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    EXPECT_FALSE(
        Parse({"-volumes", "a", "-db", "d", std::string("-md5sum=") + no, "server"}).store.md5sum);
  }
  EXPECT_THAT(Complaint({"-protect=yes", "server"}), HasSubstr("true or false"));
}

TEST(CommandLine, TakesSizesInUnits) {
  const auto max_body = [](const std::string& size) {
    return Parse({"-volumes", "a", "-db", "d", "-max-body", size, "server"}).http.max_body_bytes;
  };
  EXPECT_EQ(max_body("1000"), 1000U);
  EXPECT_EQ(max_body("2K"), 2048U);
  EXPECT_EQ(max_body("3M"), 3U << 20);
  EXPECT_EQ(max_body("5G"), 5ULL << 30);
  EXPECT_EQ(max_body("1T"), 1ULL << 40);
  for (const char* bad : {"", "K", "-1", "1.5G", "1KB", "9999999999T"}) {
    EXPECT_THAT(Complaint({"-volumes", "a", "-db", "d", "-max-body", bad, "server"}),
                HasSubstr("is not a number of bytes, such as 1000, 64K, 20M, 1G or 5T"))
        << bad;
  }
}

TEST(CommandLine, WantsAnIntervalForWhiteSpace) {
  const auto interval = [](const std::string& time) {
    return Parse({"-volumes", "a", "-db", "d", "-whitespace-interval", time, "server"})
        .whitespace_interval;
  };
  EXPECT_EQ(interval("2s"), 2s);
  EXPECT_THAT(Complaint({"-volumes", "a", "-db", "d", "-whitespace-interval", "0", "server"}),
              HasSubstr("a millisecond or more"));
}

TEST(CommandLine, MayAskForHelpAndVersionWithoutAnythingElse) {
  for (const char* help : {"-help", "--help", "-h"}) EXPECT_EQ(Parse({help}).command, "help");
  EXPECT_EQ(Parse({"-version"}).command, "version");
  EXPECT_EQ(Parse({"--version"}).command, "version");
  EXPECT_THAT(VersionText(), StartsWith("mkv "));
}

TEST(CommandLine, OfForgetNamesAVolume) {
  const Options options = Parse({"-volumes", "a", "-db", "d", "forget", "b:3001"});
  EXPECT_EQ(options.command, "forget");
  EXPECT_THAT(options.arguments, ElementsAre("b:3001"));
  EXPECT_THAT(Complaint({"-volumes", "a", "-db", "d", "forget"}), HasSubstr("HOST:PORT"));
}

TEST(CommandLine, WithAServerNeedsNoIndex) {
  EXPECT_EQ(Parse({"rebalance", "-server", "http://localhost:3000"}).server,
            "http://localhost:3000");
  EXPECT_EQ(Parse({"-server", "http://localhost:3000", "forget", "a:1"}).command, "forget");
  EXPECT_THAT(Complaint({"-server", "http://localhost:3000", "rebuild"}),
              HasSubstr("does not go with rebuild"));
}

TEST(CommandLine, ThatIsWrongIsRefusedInWords) {
  EXPECT_THAT(Complaint({}), HasSubstr("no command"));
  EXPECT_THAT(Complaint({"serve"}), HasSubstr("unknown command \"serve\""));
  EXPECT_THAT(Complaint({"server"}), HasSubstr("-db"));
  EXPECT_THAT(Complaint({"-db", "d", "server"}), HasSubstr("-volumes"));
  EXPECT_THAT(Complaint({"-volumes", "a", "-db", "d", "server", "now"}),
              HasSubstr("too many arguments"));
  EXPECT_THAT(Complaint({"server", "-colour", "red"}), HasSubstr("unknown option -colour"));
  EXPECT_THAT(Complaint({"server", "-colour=red"}), HasSubstr("unknown option -colour"));
  EXPECT_THAT(Complaint({"server", "-port"}), HasSubstr("-port needs a value"));
  EXPECT_THAT(Complaint({"server", "-port", "many"}), HasSubstr("-port: \"many\" is not"));
  EXPECT_THAT(Complaint({"server", "-port", "65536"}), HasSubstr("0 to 65535"));
  EXPECT_THAT(Complaint({"server", "-replicas", "0"}), HasSubstr("-replicas: \"0\""));
  EXPECT_THAT(Complaint({"server", "-subvolumes", "257"}), HasSubstr("1 to 256"));
  EXPECT_THAT(Complaint({"server", "-voltimeout", "5"}), HasSubstr("1s, 500ms"));
}

// getopt takes any beginning of a name that is the only one, which a typing error should not be.
TEST(CommandLine, WithTheBeginningOfSeveralNamesIsRefusedAsAmbiguous) {
  EXPECT_THAT(Complaint({"server", "-max", "3"}),
              HasSubstr("ambiguous option -max: it may be -max-connections, -max-body, -max-head"));
  EXPECT_THAT(Complaint({"server", "--max=3"}), HasSubstr("ambiguous option --max=3"));
}

// The original does not know a value after a switch: it takes it for the command.
TEST(CommandLine, GivesASwitchItsValueWithAnEqualsSignOnly) {
  EXPECT_THAT(Complaint({"-volumes", "a", "-db", "d", "-md5sum", "false", "server"}),
              HasSubstr("unknown command \"false\""));
}

TEST(CommandLine, OptionsAreAllInTheHelp) {
  const std::string help = HelpText();
  for (const char* option : {"volumes",
                             "db",
                             "port",
                             "replicas",
                             "subvolumes",
                             "fallback",
                             "protect",
                             "md5sum",
                             "voltimeout",
                             "v",
                             "address",
                             "verify-ttl",
                             "sync",
                             "garbage-delay",
                             "settle-delay",
                             "loops",
                             "transfers",
                             "max-connections",
                             "max-body",
                             "max-head",
                             "max-header-fields",
                             "head-timeout",
                             "idle-timeout",
                             "min-rate",
                             "stop-timeout",
                             "rehash",
                             "rate",
                             "threads",
                             "server",
                             "help",
                             "version"}) {
    EXPECT_THAT(help, HasSubstr("\n  -" + std::string(option) + " ")) << option;
  }
}

TEST(CommandLine, HelpHasItsTextInOneColumn) {
  std::istringstream lines(HelpText());
  std::optional<std::size_t> column;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  -")) continue;
    // `  -name VALUE   text`: the text begins after the last run of spaces before it.
    const std::size_t value = line.find(' ', 2) + 1;
    const bool has_value = value < line.size() && std::isupper(line[value]) != 0;
    const std::size_t text = line.find_first_not_of(' ', has_value ? line.find(' ', value) : value);
    EXPECT_EQ(text, column.value_or(text)) << line;
    column = text;
  }
}

TEST(CommandLine, HelpFitsATerminal) {
  std::size_t start = 0;
  const std::string help = HelpText();
  while (start < help.size()) {
    const std::size_t end = help.find('\n', start);
    EXPECT_LE(end - start, 100U) << help.substr(start, end - start);
    start = end + 1;
  }
}

}  // namespace
}  // namespace mkv
