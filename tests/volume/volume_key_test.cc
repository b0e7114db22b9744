// A volume with a shared key: open to the gateway alone, and to bearers of a link that it signed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>

#include "tests/support/file_text.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKey[] = "Aa0_-Aa0_-Aa0_-Aa0_-";
constexpr char kBlob[] = "/sv00/ab/cd/L2Vtb2ppL/CfmIA=.0123456789abcdef";

std::string Base64Url(const std::string& bytes) {
  std::string text(4 * (bytes.size() + 2) / 3 + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
  for (char& c : text) {
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return text.substr(0, text.find('='));
}

// As the template's secure_link_md5 has it.
std::string Signed(const std::string& uri, std::int64_t expires, const std::string& key = kKey) {
  const std::string text = std::to_string(expires) + uri + " " + key;
  std::array<unsigned char, 16> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  return uri + "?md5=" + Base64Url({digest.begin(), digest.end()}) +
         "&expires=" + std::to_string(expires);
}

std::int64_t SecondsFromNow(std::int64_t seconds) {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
             .count() +
         seconds;
}

class KeyedVolume : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(Do("PUT", kBlob, kKey, "value"), 201); }

  int Do(const std::string& method, const std::string& path, const std::string& key = "",
         std::optional<std::string> body = std::nullopt) {
    std::vector<std::string> headers;
    if (!key.empty()) {
      headers.push_back("X-Mkv-Volume-Key: " + key);
    }
    return client_
        .Do({.method = method,
             .url = volume_.url() + path,
             .headers = std::move(headers),
             .body = std::move(body)})
        .status;
  }

  TempFolder folder_;
  NginxVolume volume_{{.folder = folder_.path() / "volume", .key = kKey}};
  HttpClient client_;
};

TEST_F(KeyedVolume, GatewayMayDoEverything) {
  EXPECT_EQ(Do("GET", kBlob, kKey), 200);
  EXPECT_EQ(Do("HEAD", kBlob, kKey), 200);
  EXPECT_EQ(Do("GET", "/sv00/ab/cd/", kKey), 200);
  EXPECT_EQ(Do("DELETE", kBlob, kKey), 204);
}

TEST_F(KeyedVolume, NothingWorksWithoutTheKey) {
  for (const std::string key : {"", "Aa0_-Aa0_-Aa0_-Aa0_", "aA0_-Aa0_-Aa0_-Aa0_-",
                                "Aa0_-Aa0_-Aa0_-Aa0_-x", "xAa0_-Aa0_-Aa0_-Aa0_-"}) {
    for (const std::string path : {kBlob, "/", "/sv00/", "/sv00/ab/cd/", "/sv00/ab/cd/missing"}) {
      EXPECT_EQ(Do("GET", path, key), 403) << path << ' ' << key;
      EXPECT_EQ(Do("HEAD", path, key), 403) << path << ' ' << key;
      EXPECT_EQ(Do("PUT", path, key, "other"), 403) << path << ' ' << key;
      EXPECT_EQ(Do("DELETE", path, key), 403) << path << ' ' << key;
    }
  }
  EXPECT_EQ(volume_.Files().size(), 1U);
}

TEST_F(KeyedVolume, EvenTheGatewayRemovesNoFolder) {
  EXPECT_EQ(Do("DELETE", "/sv00/ab/cd/", kKey), 403);
  EXPECT_EQ(volume_.Files().size(), 1U);
}

TEST_F(KeyedVolume, SignedLinkReadsUntilItExpires) {
  EXPECT_EQ(client_.Get(volume_.url() + Signed(kBlob, SecondsFromNow(60))).body, "value");
  EXPECT_EQ(Do("HEAD", Signed(kBlob, SecondsFromNow(60))), 200);
  EXPECT_EQ(Do("GET", Signed(kBlob, SecondsFromNow(-2))), 403);
}

TEST_F(KeyedVolume, SignatureIsOverTheDecodedName) {
  std::string link = Signed(kBlob, SecondsFromNow(60));
  link.replace(link.find("ab/cd"), 5, "%61b/cd");
  EXPECT_EQ(Do("GET", link), 200);
}

TEST_F(KeyedVolume, SignedLinkIsForThatNameAndTimeOnly) {
  const auto expires = SecondsFromNow(60);
  const std::string query = Signed(kBlob, expires).substr(std::string(kBlob).size());
  ASSERT_EQ(Do("PUT", "/sv00/ab/cd/other", kKey, "other"), 201);
  EXPECT_EQ(Do("GET", "/sv00/ab/cd/other" + query), 403);
  EXPECT_EQ(Do("GET", kBlob + query + "0"), 403);  // a later end
  EXPECT_EQ(Do("GET", Signed(kBlob, expires, "another-key-of-some-length")), 403);
}

TEST_F(KeyedVolume, SignedLinkIsForReadingOnly) {
  const std::string link = Signed(kBlob, SecondsFromNow(60));
  EXPECT_EQ(Do("PUT", link, "", "other"), 403);
  EXPECT_EQ(Do("DELETE", link), 403);
  EXPECT_EQ(Do("POST", link), 403);
}

TEST_F(KeyedVolume, SignedLinkToAFolderIsRefused) {
  EXPECT_EQ(Do("GET", Signed("/sv00/ab/cd/", SecondsFromNow(60))), 403);
}

TEST_F(KeyedVolume, KeyIsForItsOwnerOnly) {
  const auto file = volume_.folder() / ".nginx" / "nginx.conf";
  struct stat status {};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_THAT(FileText(file), HasSubstr(kKey));
  const std::string proc = "/proc/" + std::to_string(volume_.pid());
  EXPECT_THAT(FileText(proc + "/cmdline"), Not(HasSubstr(kKey)));
  EXPECT_EQ(Do("GET", "/.nginx/nginx.conf", kKey), 404);
}

TEST_F(KeyedVolume, WrongKeyIsNotLogged) { EXPECT_THAT(volume_.Log(), Not(HasSubstr(kKey))); }

}  // namespace
}  // namespace mkv::testing
