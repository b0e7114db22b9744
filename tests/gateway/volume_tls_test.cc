// Volumes that speak TLS (TLS_CERT and TLS_KEY of volume/volume), and the gateway with
// -volumes-tls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/gateway/gateway_test.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class VolumeTls : public GatewayTest {
 protected:
  void Serve(std::vector<std::string> arguments) {
    Start({.volume_key = "0123456789abcdef-shared",
           .volume_certificate = certificate_.certificate,
           .volume_certificate_key = certificate_.key,
           .arguments = std::move(arguments)});
    cluster().client().Trust(authority_.file());
  }

  const TempFolder folder_;
  const TestAuthority authority_{folder_.path()};
  const TestAuthority::Certificate certificate_ = authority_.Issue("volume");
};

TEST_F(VolumeTls, ValuesAreStoredReadAndDeletedOverIt) {
  Serve({"-volumes-tls", "-volumes-ca", authority_.file()});
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(cluster().Put("/small", "value").status, 201);
  EXPECT_EQ(cluster().Put("/large", large).status, 201);
  EXPECT_EQ(cluster().Files().size(), 6U);
  const HttpResponse head = cluster().Head("/small");
  EXPECT_EQ(head.status, 302);
  EXPECT_THAT(head.Header("Location"), StartsWith("https://"));
  EXPECT_THAT(head.Header("Key-Volumes"), HasSubstr("127.0.0.1:")) << "names are as ever";
  EXPECT_EQ(cluster().Get("/small").body, "value");
  EXPECT_EQ(cluster().Get("/large").body, large);
  // Through the gateway, as S3 reads.
  EXPECT_EQ(Do("GET", "/large?x-id=GetObject").status, 404) << "of no bucket";
  EXPECT_EQ(cluster().Put("/bucket/large", large).status, 201);
  EXPECT_EQ(cluster().Put("/bucket/small", "value").status, 201);
  EXPECT_EQ(Do("GET", "/bucket/small?x-id=GetObject").body, "value");
  const HttpResponse streamed = Do("GET", "/bucket/large?x-id=GetObject");
  EXPECT_EQ(streamed.status, 200);
  EXPECT_EQ(streamed.body, large);
  EXPECT_EQ(cluster().Rebalance("/small").status, 204);
  for (const std::string key : {"/small", "/large", "/bucket/small", "/bucket/large"}) {
    EXPECT_EQ(cluster().Delete(key).status, 204);
  }
  EXPECT_TRUE(cluster().Files().empty());
}

TEST_F(VolumeTls, TheIndexIsRebuiltOverIt) {
  Serve({"-volumes-tls", "-volumes-ca", authority_.file()});
  ASSERT_EQ(cluster().Put("/key", "value").status, 201);
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  std::filesystem::remove_all(cluster().folder() / "index");
  EXPECT_EQ(cluster().gateway().RunCommand({"rebuild"}), 0) << cluster().gateway().Log();
  cluster().gateway().Start();
  EXPECT_EQ(cluster().Get("/key").body, "value");
}

TEST_F(VolumeTls, WhatIsToldOfAReplicaNamesItsUrl) {
  Serve({"-volumes-tls", "-volumes-ca", authority_.file()});
  ASSERT_EQ(cluster().Put("/bucket/key", "value").status, 201);
  // S3 reads the first replica of the record that is there.
  const std::string volumes = Do("HEAD", "/bucket/key").Header("Key-Volumes");
  const std::string first = volumes.substr(0, volumes.find(','));
  const std::vector<std::string> files = cluster().Files();
  const auto on_first = std::find_if(files.begin(), files.end(), [&first](const std::string& one) {
    return one.starts_with(first + "/");
  });
  ASSERT_NE(on_first, files.end());
  const std::string& file = *on_first;
  const std::string name = file.substr(0, file.find('/'));
  std::filesystem::remove(cluster().VolumeNamed(name).folder().string() + file.substr(name.size()));
  EXPECT_EQ(Do("GET", "/bucket/key?x-id=GetObject").body, "value");
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("read: https://" + name));
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  std::filesystem::remove(cluster().VolumeNamed(name).folder().string() + file.substr(name.size()));
  EXPECT_EQ(cluster().gateway().RunCommand({"check"}), 3);
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("missing: https://" + file));
}

TEST_F(VolumeTls, AVolumeWhoseCertificateNobodyVouchesForIsNotSpokenTo) {
  Serve({"-volumes-tls"});  // the machine's authorities do not know the test's
  EXPECT_EQ(cluster().Put("/key", "value").status, 500);
  EXPECT_TRUE(cluster().Files().empty());
}

TEST_F(VolumeTls, NothingIsSentInTheClear) {
  Serve({});
  EXPECT_EQ(cluster().Put("/key", "value").status, 500);
  EXPECT_TRUE(cluster().Files().empty());
}

TEST_F(VolumeTls, AKeyThatOthersCanReadIsRefusedByTheVolume) {
  std::filesystem::permissions(certificate_.key, std::filesystem::perms(0640));
  try {
    Serve({"-volumes-tls"});
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("run `chmod 600 "));
  }
}

}  // namespace
}  // namespace mkv::testing
