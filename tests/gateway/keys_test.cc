// Keys are any bytes: every one of these is stored, found, listed, moved and deleted like any
// other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/gateway/gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string KeyOfLength(std::size_t length) { return "/" + std::string(length - 1, 'k'); }

struct OddKey {
  const char* name;
  std::string key;
};

const std::vector<OddKey>& OddKeys() {
  static const std::vector<OddKey> keys = {
      {"Root", "/"},
      {"Spaces", "/ with  spaces "},
      {"Plus", "/a+b"},
      {"PercentEncodedSlash", "/a%2Fb"},
      {"QuestionMark", "/what?list&start=x"},
      {"Hash", "/a#b"},
      {"DotDot", "/a/../../etc/passwd"},
      {"Dots", "/.."},
      {"DoubleSlashes", "//a//b//"},
      {"Unicode", "/Zürich/日本語/Ελλάδα"},
      {"Emoji", "/\U0001F600\U0001F680"},
      {"LongestFileName", KeyOfLength(189)},  // a file name of 252 bytes
      {"LongerThanAFileName", KeyOfLength(190)},
      {"JustOverTwoPieces", KeyOfLength(361)},
      {"Thousand", KeyOfLength(1000)},
      {"InvalidUtf8", "/\xff\xfe\x80 caf\xe9"},
      {"SlashAtTheEndOfItsBase64", "/a?"},      // L2E/
      {"SlashesInItsBase64", "/\xff\xff\xff"},  // L////
      {"ManySlashesInItsBase64", "/" + std::string(300, '\xff')},
      {"Nul", "/a\0b"s},
      {"ControlCharacters", "/\x01\r\n\t\x7f"},
      {"Quotes", "/\"<&>'\\"},
      {"LooksLikeABlob", "/3e/d1/L2hlbGxv"},
      {"LooksLikeAGeneration", "/key.0123456789abcdef"},
      {"LooksLikeASidecar", "/key.meta"},
      {"LooksLikeARecord", "/DELETEDHASH"},
  };
  return keys;
}

class Keys : public GatewayTest, public ::testing::WithParamInterface<OddKey> {};

TEST_P(Keys, AreStoredFoundListedAndDeleted) {
  Start({.volumes = 4, .subvolumes = 3});
  const std::string& key = GetParam().key;
  ASSERT_EQ(cluster().Put(key, "value").status, 201);
  EXPECT_EQ(cluster().Put(key, "another").status, 403);
  const HttpResponse got = cluster().Get(key);
  EXPECT_EQ(got.status, 200) << got.url;
  EXPECT_EQ(got.body, "value");
  EXPECT_EQ(cluster().Head(key).Header("Key-Balance"), "balanced");
  EXPECT_THAT(cluster().List(), SizeIs(1));
  EXPECT_THAT(cluster().List(key), SizeIs(1)) << "it is its own prefix";
  EXPECT_THAT(cluster().Files(), SizeIs(3));
  EXPECT_EQ(cluster().Rebalance(key).status, 204);

  EXPECT_EQ(cluster().Unlink(key).status, 204);
  EXPECT_THAT(cluster().List("/", "unlinked"), SizeIs(1));
  // Over the unlinked value: at a generation, as the plain path is taken.
  EXPECT_EQ(cluster().Put(key, "second").status, 201);
  EXPECT_EQ(cluster().Get(key).body, "second");

  EXPECT_EQ(cluster().Delete(key).status, 204);
  EXPECT_EQ(cluster().Get(key).status, 404);
  EXPECT_THAT(cluster().List(), IsEmpty());
}

TEST_P(Keys, SurviveARestart) {
  Start({.volumes = 3, .subvolumes = 1});
  const std::string& key = GetParam().key;
  ASSERT_EQ(cluster().Put(key, "value").status, 201);
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  cluster().gateway().Start();
  EXPECT_EQ(cluster().Get(key).body, "value");
  EXPECT_THAT(cluster().List(), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(Odd, Keys, ::testing::ValuesIn(OddKeys()),
                         [](const auto& test) { return test.param.name; });

using OneStore = GatewayTest;

// Similar names must not meet: neither in the index nor on the volumes.
TEST_F(OneStore, HoldsAllOddKeysTogether) {
  Start();
  for (const OddKey& odd : OddKeys()) {
    ASSERT_EQ(cluster().Put(odd.key, "value of "s + odd.name).status, 201) << odd.name;
  }
  EXPECT_THAT(cluster().List(), SizeIs(OddKeys().size()));
  EXPECT_THAT(cluster().Files(), SizeIs(3 * OddKeys().size()));
  for (const OddKey& odd : OddKeys()) {
    EXPECT_EQ(cluster().Get(odd.key).body, "value of "s + odd.name);
  }
  // Deleting one (whose base64 makes it a folder of the others, perhaps) leaves the others.
  for (const OddKey& gone : OddKeys()) {
    ASSERT_EQ(cluster().Delete(gone.key).status, 204) << gone.name;
    ASSERT_EQ(cluster().Put(gone.key, "value of "s + gone.name).status, 201) << gone.name;
  }
  for (const OddKey& odd : OddKeys()) {
    EXPECT_EQ(cluster().Get(odd.key).body, "value of "s + odd.name);
  }
  EXPECT_THAT(cluster().Files(), SizeIs(3 * OddKeys().size()));
}

TEST_F(OneStore, TakesKeysAsTheyAreSpelt) {
  Start();
  RawConnection connection(cluster().gateway().port());
  const auto put = [&connection](const std::string& target) {
    connection.Send("PUT " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv");
    return connection.ReadResponse().substr(9, 3);
  };
  EXPECT_EQ(put("/a%2Fb"), "201");
  EXPECT_EQ(put("/a/b"), "403") << "the same key once decoded, as in Go";
  EXPECT_EQ(put("/a%2fb"), "403");
  EXPECT_EQ(put("/a+b"), "201");
  EXPECT_EQ(put("/a%20b"), "201") << "a plus in a path is a plus";
  EXPECT_EQ(put("/x/../a/b"), "201") << "dots are bytes like others";
  EXPECT_EQ(put("//a//b"), "201");
  EXPECT_EQ(put("/Z\xc3\xbcrich"), "201") << "raw UTF-8, as curl sends it";
  EXPECT_EQ(put("/Z%C3%BCrich"), "403");
  EXPECT_EQ(put("/a%zz"), "400");
  EXPECT_THAT(cluster().List(),
              ElementsAre("//a//b", "/Zürich", "/a b", "/a+b", "/a/b", "/x/../a/b"));
}

class LongKeys : public GatewayTest {};

// nginx could not open its path, and would seem to be broken.
TEST_F(LongKeys, AKeyThatIsTooLongForAPathIsRefusedAndHarmsNoVolume) {
  Start({.arguments = {"-v"}});
  const HttpResponse refused = cluster().Put(KeyOfLength(6001), "value");
  EXPECT_EQ(refused.status, 414);
  EXPECT_EQ(refused.body,
            "the key is too long: its path on a volume would have more than 3840 bytes\n");
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  EXPECT_EQ(cluster().Head("/key").Header("Key-Balance"), "balanced");
  EXPECT_EQ(cluster().gateway().Log().find("refuses values"), std::string::npos);

  const std::string longest = KeyOfLength(2800);
  EXPECT_EQ(cluster().Put(longest, "value").status, 201);
  EXPECT_EQ(cluster().Get(longest).body, "value");
  EXPECT_EQ(cluster().Delete(longest).status, 204);
}

}  // namespace
}  // namespace mkv::testing
