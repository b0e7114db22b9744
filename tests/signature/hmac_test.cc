// HMACs by the examples of RFC 4231, in turns and one key after itself.
#include "s3api/signature/hmac.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>

#include "s3api/checksum/digest_text.h"

namespace mkv::s3 {
namespace {

struct Rfc4231Example {
  std::string key;
  std::string_view message;
  std::string_view mac;
};

// Sections 4.2, 4.3 and 4.7, and the one of no key and no message.
const Rfc4231Example kRfc4231[] = {
    {std::string(20, '\x0b'), "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

void ExpectAll(int times_each) {
  for (const Rfc4231Example& example : kRfc4231) {
    for (int i = 0; i < times_each; ++i) {
      EXPECT_EQ(Hex(HmacSha256(example.key, example.message)), example.mac) << example.message;
    }
  }
}

TEST(Hmac, OfOneKeyAfterTheOther) {
  ExpectAll(1);
  ExpectAll(1);
}

TEST(Hmac, OfOneKeyAgainAndAgain) { ExpectAll(3); }

// A thread has a context of its own, which then has had no key.
TEST(Hmac, OfNoKeyAtFirst) {
  std::string mac;
  std::thread([&mac] { mac = Hex(HmacSha256("", "")); }).join();
  EXPECT_EQ(mac, kRfc4231[3].mac);
}

TEST(Hmac, OfOneKeyAndTwoMessagesAreTwo) {
  const std::string first = HmacSha256("key", "first");
  EXPECT_NE(HmacSha256("key", "second"), first);
  EXPECT_EQ(HmacSha256("key", "first"), first);
}

}  // namespace
}  // namespace mkv::s3
