// What volume/volume does before nginx runs: the folder it makes, and settings that it hands on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/http_client.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;

fs::perms ModeOf(const fs::path& path) { return fs::status(path).permissions(); }

TEST(VolumesFolder, IsItsUsersAloneWhenItIsMade) {
  const TempFolder folder;
  const NginxVolume made({.folder = folder.path() / "parent" / "volume"});
  EXPECT_EQ(ModeOf(made.folder()), fs::perms::owner_all);
  EXPECT_NE(ModeOf(made.folder().parent_path()), fs::perms::owner_all) << "no business of ours";

  const fs::path found = folder.path() / "found";
  fs::create_directory(found);
  fs::permissions(found, fs::perms(0751));
  const NginxVolume volume({.folder = found});
  EXPECT_EQ(ModeOf(found), fs::perms(0751));
}

TEST(VolumesCertificate, MayLieInAFolderWithAnOddName) {
  const TempFolder folder;
  const fs::path odd = folder.path() / "R&D @KEY@ é";
  fs::create_directory(odd);
  const TestAuthority authority(odd);
  const auto issued = authority.Issue("volume");
  const NginxVolume volume({.folder = folder.path() / "volume",
                            .certificate = issued.certificate,
                            .certificate_key = issued.key});
  HttpClient client;
  client.Trust(authority.file());
  EXPECT_EQ(client.Get(volume.url() + "/sv00/").status, 200);
}

}  // namespace
}  // namespace mkv::testing
