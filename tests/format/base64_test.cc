#include "mkvcore/format/base64.h"

#include <gtest/gtest.h>

namespace mkv {
namespace {

TEST(Base64Test, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foo"), "Zm9v");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64Encode("\xff\xff\xfe"), "///+");
}

TEST(Base64Test, DecodesWhatItEncodes) {
  for (std::string bytes; bytes.size() < 300; bytes.push_back(static_cast<char>(bytes.size()))) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
  }
}

TEST(Base64Test, RefusesEveryOtherSpelling) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zg==Zg==", " Zg==", "Zg==\n", "Z-==", "Zg=a",
                           "====", "Zm9v\n\n\n\n", "Zm8=====", "Z===", "Zm~v"}) {
    EXPECT_EQ(Base64Decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace mkv
