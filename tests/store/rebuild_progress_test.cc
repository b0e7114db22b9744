#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "mkvcore/store/progress.h"

namespace mkv {
namespace {

using std::chrono::seconds;

TEST(ProgressTest, NumbersAreGroupedByThousands) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(1234567890), "1,234,567,890");
}

TEST(ProgressTest, LineTellsDoneTotalRateAndTimeLeft) {
  EXPECT_EQ(ProgressLine("rebuild", "folders", 16384, 65536, seconds(16), "99 keys"),
            "rebuild: 16,384 of 65,536 folders (25%), 1,024/s, 48s left; 99 keys");
  EXPECT_EQ(ProgressLine("t", "u", 1, 3601, seconds(1), ""),
            "t: 1 of 3,601 u (0%), 1/s, 1h 00m left");
  EXPECT_EQ(ProgressLine("t", "u", 1, 126, seconds(1), ""), "t: 1 of 126 u (0%), 1/s, 2m 05s left");
}

TEST(ProgressTest, LineLeavesOutWhatIsNotKnown) {
  EXPECT_EQ(ProgressLine("t", "u", 0, 0, seconds(0), ""), "t: 0 u");
  EXPECT_EQ(ProgressLine("t", "u", 0, 10, seconds(5), ""), "t: 0 of 10 u (0%)");
  EXPECT_EQ(ProgressLine("t", "u", 10, 10, seconds(5), ""), "t: 10 of 10 u (100%), 2/s");
}

TEST(ProgressTest, OffATerminalTheLastStateIsOnePlainLine) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  {
    Progress progress("task", "keys", file.get());
    for (int i = 0; i <= 1000; ++i) progress.Show(i, 1000, "");
  }
  std::rewind(file.get());
  std::string text(1000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  EXPECT_TRUE(text.starts_with("task: 1,000 of 1,000 keys (100%)")) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

}  // namespace
}  // namespace mkv
