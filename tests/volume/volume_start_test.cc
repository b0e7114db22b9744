// What volume/volume does before nginx runs: the folder it makes, settings that it hands on, and
// that it serves no empty folder for a disk, and that started by root it gives up root.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/support/descriptor.h"
#include "tests/support/file_text.h"
#include "tests/support/http_client.h"
#include "tests/support/network.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSharedKey[] = "0123456789abcdef-shared";

fs::perms ModeOf(const fs::path& path) { return fs::status(path).permissions(); }

TEST(VolumesScript, TakesNoOptionForAFolder) {
  const TempFolder folder;
  const fs::path output = folder.path() / "output";
  const auto run = [&](const std::string& argument) {
    return RunProgram({.arguments = {SourceFile("volume/volume"), argument},
                       .output = output,
                       .folder = folder.path()});
  };
  EXPECT_EQ(run("--help"), 0);
  EXPECT_THAT(FileText(output), HasSubstr("  SUBVOLUMES=10 "));
  EXPECT_EQ(run("-x"), 1);
  EXPECT_THAT(FileText(output), HasSubstr("usage: PORT=3001 volume/volume DIR"));
  EXPECT_FALSE(fs::exists(folder.path() / "--help"));
  EXPECT_FALSE(fs::exists(folder.path() / "-x"));
}

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

class VolumesSocket : public ::testing::Test {
 protected:
  // What the script says when it ends at once.
  std::string Refusal(const fs::path& socket, const std::string& port = "3001") {
    const fs::path output = folder_.path() / "output";
    EXPECT_EQ(
        RunProgram(
            {.arguments = {SourceFile("volume/volume"), folder_.path() / "refused"},
             .environment = {{"PORT", port}, {"LISTEN", "127.0.0.1"}, {"SOCKET", socket.string()}},
             .output = output}),
        1);
    return FileText(output);
  }

  const TempFolder folder_;
};

TEST_F(VolumesSocket, IsNamedAsItsVolume) {
  const fs::path socket = folder_.path() / "localhost:3002.sock";
  EXPECT_THAT(Refusal(socket), HasSubstr("does not end in HOST:3001.sock"));
  EXPECT_THAT(Refusal(folder_.path() / "localhost:13001.sock"), HasSubstr("HOST:3001.sock"));
  EXPECT_THAT(Refusal(folder_.path() / "no" / "localhost:3001.sock"),
              HasSubstr("there is no folder for SOCKET="));
  EXPECT_THAT(Refusal(folder_.path() / (std::string(100, 'a') + ":3001.sock")),
              HasSubstr("is longer than the 107 bytes"));
  // TEST-NET-1 (RFC 5737) is no machine's.
  EXPECT_THAT(Refusal(folder_.path() / "192.0.2.1:3001.sock"),
              HasSubstr("192.0.2.1 is no address of this machine"));
  std::ofstream(folder_.path() / "localhost:3001.sock") << "a file";
  EXPECT_THAT(Refusal(folder_.path() / "localhost:3001.sock"), HasSubstr("is there and no socket"));
}

TEST_F(VolumesSocket, MayLieInAFolderWithAnOddName) {
  const fs::path odd = folder_.path() / "R&D @KEY@ é";
  fs::create_directory(odd);
  const NginxVolume volume({.folder = folder_.path() / "volume", .sockets = odd});
  EXPECT_TRUE(fs::is_socket(volume.socket()));
}

TEST_F(VolumesSocket, IsNotTakenFromAVolumeThatListensOnIt) {
  const NginxVolume volume({.folder = folder_.path() / "volume", .sockets = folder_.path()});
  EXPECT_THAT(Refusal(volume.socket(), std::to_string(volume.port())),
              HasSubstr(" is in use by another volume"));
  EXPECT_TRUE(fs::is_socket(volume.socket()));
}

TEST_F(VolumesSocket, OfAVolumeThatWasKilledIsMadeAnew) {
  NginxVolume volume({.folder = folder_.path() / "volume", .sockets = folder_.path()});
  volume.Kill();
  ASSERT_TRUE(fs::is_socket(volume.socket()));
  volume.Start();
  EXPECT_TRUE(fs::is_socket(volume.socket()));
}

// Of which sv03 is a disk, as far as the script can tell.
class VolumeOfDisks : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(client_.Put(volume_.url() + kBlob, "value").status, 201); }

  void Unmount() {
    volume_.Stop();
    fs::rename(volume_.folder() / "sv03", disk_);
    fs::create_directory(volume_.folder() / "sv03");
  }
  void Mount() {
    fs::remove_all(volume_.folder() / "sv03");
    fs::rename(disk_, volume_.folder() / "sv03");
  }
  // What it says when it does not start.
  std::string Refusal() {
    try {
      volume_.Start();
      return "it started";
    } catch (const std::runtime_error& e) {
      return e.what();
    }
  }
  int Get() { return client_.Get(volume_.url() + kBlob).status; }

  static constexpr char kBlob[] = "/sv03/ab/cd/Yg==";
  const TempFolder folder_;
  const fs::path disk_ = folder_.path() / "disk";
  NginxVolume volume_{{.folder = folder_.path() / "volume"}};
  const fs::path remembered_ = volume_.folder() / ".nginx" / "subvolumes";
  HttpClient client_;
};

TEST_F(VolumeOfDisks, DoesNotStartWhileOneIsNotMounted) {
  Unmount();
  EXPECT_THAT(Refusal(), HasSubstr("is the disk of sv03 mounted?"));
  EXPECT_TRUE(fs::is_empty(volume_.folder() / "sv03"));
  EXPECT_THAT(Refusal(), HasSubstr("is the disk of sv03 mounted?")) << "whatever the first did";
  Mount();
  volume_.Start();
  EXPECT_EQ(Get(), 200);
}

TEST_F(VolumeOfDisks, DoesNotMakeAFolderThatIsGone) {
  Unmount();
  fs::remove(volume_.folder() / "sv03");
  EXPECT_THAT(Refusal(), HasSubstr("is the disk of sv03 mounted?"));
  fs::create_directory_symlink(folder_.path() / "nowhere", volume_.folder() / "sv03");
  EXPECT_THAT(Refusal(), HasSubstr("is the disk of sv03 mounted?"));
}

TEST_F(VolumeOfDisks, TakesAnEmptyDiskThatItIsToldOf) {
  Unmount();
  const std::string command = "sed -i /sv03/d " + remembered_.string();
  EXPECT_THAT(Refusal(), HasSubstr("`" + command + "`"));
  ASSERT_EQ(RunProgram({.arguments = {"sh", "-c", command}}), 0);
  volume_.Start();
  EXPECT_EQ(Get(), 404);
  // The first one is now what lies below the mount point of the other.
  volume_.Stop();
  fs::remove_all(volume_.folder() / "sv03");
  fs::rename(disk_, volume_.folder() / "sv03");
  EXPECT_THAT(Refusal(), HasSubstr("is the disk of sv03 mounted?"));
}

TEST_F(VolumeOfDisks, DoesNotStartWithTwoOfThemExchanged) {
  volume_.Stop();
  fs::rename(volume_.folder() / "sv03", disk_);
  fs::rename(volume_.folder() / "sv04", volume_.folder() / "sv03");
  fs::rename(disk_, volume_.folder() / "sv04");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("the disk of sv03"), HasSubstr("the disk of sv04")));
}

// It still serves what lies there, with the settings of the rest of the folder.
TEST_F(VolumeOfDisks, MissesOneThatIsNoSubvolumeAnyMore) {
  Unmount();
  EXPECT_THAT(
      [&] { NginxVolume fewer({.folder = volume_.folder(), .subvolumes = 2}); },
      ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("is the disk of sv03 mounted?")));
}

TEST_F(VolumeOfDisks, AdoptsThoseOfBefore) {
  volume_.Stop();
  fs::remove(remembered_);
  for (const auto& subvolume : fs::directory_iterator(volume_.folder())) {
    fs::remove(subvolume.path() / ".mkv-subvolume");
  }
  volume_.Start();
  EXPECT_EQ(Get(), 200);
  Unmount();
  EXPECT_THAT(Refusal(), HasSubstr("is the disk of sv03 mounted?"));
}

TEST_F(VolumeOfDisks, NobodySeesHowItKnowsThem) {
  const std::string marker = volume_.url() + "/sv03/.mkv-subvolume";
  EXPECT_TRUE(fs::exists(volume_.folder() / "sv03" / ".mkv-subvolume"));
  EXPECT_EQ(client_.Get(marker).status, 404);
  EXPECT_EQ(client_.Do({.method = "DELETE", .url = marker}).status, 404);
  EXPECT_THAT(client_.Get(volume_.url() + "/sv03/").body, Not(HasSubstr("mkv")));
  EXPECT_THAT(volume_.Files(), ::testing::ElementsAre(kBlob));
}

// Started by root, in a folder of nobody's.
class VolumeOfRoot : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    fs::permissions(folder_.path(), fs::perms(0755));
    fs::create_directory(path_);
    Give(path_);
    std::ofstream(secret_).flush();
    fs::permissions(secret_, fs::perms(0600));
  }

  static void Give(const fs::path& file) {
    ASSERT_EQ(lchown(file.c_str(), kNobody, kNogroup), 0) << file;
  }
  static uid_t OwnerOf(const fs::path& file) {
    struct stat status {};
    EXPECT_EQ(lstat(file.c_str(), &status), 0) << file;
    return status.st_uid;
  }
  // What it says when it does not start.
  std::string Refusal(NginxVolumeOptions options) {
    options.folder = path_;
    try {
      const NginxVolume volume(options);
      return "it started";
    } catch (const std::runtime_error& e) {
      return e.what();
    }
  }

  static constexpr uid_t kNobody = 65534;  // Debian's base-passwd
  static constexpr gid_t kNogroup = 65534;
  const TempFolder folder_;
  const fs::path path_ = folder_.path() / "volume";
  const fs::path secret_ = folder_.path() / "secret";
};

TEST_F(VolumeOfRoot, RunsAsTheOwnerOfItsFolder) {
  const NginxVolume volume({.folder = path_, .key = kSharedKey});
  const std::string process = "/proc/" + std::to_string(volume.pid());
  const std::string status = FileText(process + "/status");
  EXPECT_THAT(status, HasSubstr("\nUid:\t65534\t65534\t65534\t65534\n"));
  EXPECT_THAT(status, HasSubstr("\nGid:\t65534\t65534\t65534\t65534\n"));
  EXPECT_THAT(status, HasSubstr("\nGroups:\t65534 \n"));
  EXPECT_THAT(status, ContainsRegex("\nCapPrm:\t0+\n"));
  EXPECT_THAT(FileText(process + "/cmdline"), Not(HasSubstr(kSharedKey)));
  EXPECT_THAT(FileText(process + "/environ"), Not(HasSubstr(kSharedKey)));

  HttpClient client;
  const std::string url = volume.url() + "/sv00/ab/cd/Yg==";
  EXPECT_EQ(client.Put(url, "value").status, 403);
  EXPECT_EQ(client
                .Do({.method = "PUT",
                     .url = url,
                     .headers = {std::string("X-Mkv-Volume-Key: ") + kSharedKey},
                     .body = "value"})
                .status,
            201);
  for (const std::string file : {"sv00/ab/cd/Yg==", "sv00", ".nginx/nginx.conf", ".nginx/lock"}) {
    EXPECT_EQ(OwnerOf(path_ / file), kNobody) << file;
  }
}

// `chown www-data DIR` leaves the group alone.
TEST_F(VolumeOfRoot, TakesNoGroupOfRoots) {
  ASSERT_EQ(chown(path_.c_str(), kNobody, 0), 0);
  const NginxVolume volume({.folder = path_});
  EXPECT_THAT(FileText("/proc/" + std::to_string(volume.pid()) + "/status"),
              HasSubstr("\nGid:\t65534\t65534\t65534\t65534\n"));
}

TEST_F(VolumeOfRoot, FollowsNoLinkOfTheOwners) {
  const fs::path roots = folder_.path() / "roots";
  fs::create_directory(roots);
  for (const std::string file : {".nginx/lock", ".nginx/error.log", ".nginx/nginx.pid",
                                 ".nginx/nginx.conf", ".nginx/proxy_temp", "sv00/.body_temp"}) {
    for (const std::string folder : {".nginx", "sv00"}) {
      fs::remove_all(path_ / folder);
      fs::create_directory(path_ / folder);
      Give(path_ / folder);
    }
    std::ofstream(secret_) << "root's";
    fs::create_symlink(file.ends_with("_temp") ? roots : secret_, path_ / file);
    Give(path_ / file);
    Refusal({});
    EXPECT_EQ(FileText(secret_), "root's") << file;
    EXPECT_EQ(OwnerOf(secret_), 0U) << file;
    EXPECT_EQ(OwnerOf(roots), 0U) << file;
    ASSERT_EQ(chown(roots.c_str(), 0, 0), 0);
  }
}

// As versions did that kept nginx's master root's.
TEST_F(VolumeOfRoot, TakesOverWhatRootLeftInAFolderOfTheOwners) {
  fs::create_directory(path_ / ".nginx");
  Give(path_ / ".nginx");
  for (const std::string name : {"lock", "error.log", "nginx.pid", "nginx.conf"}) {
    std::ofstream(path_ / ".nginx" / name) << "1\n";
  }
  fs::permissions(path_ / ".nginx" / "nginx.conf", fs::perms(0600));
  {
    const Descriptor lock(open((path_ / ".nginx" / "lock").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(flock(lock.get(), LOCK_EX), 0);
    EXPECT_THAT(Refusal({}), HasSubstr("is in use by another volume"));
  }
  const NginxVolume volume({.folder = path_});
  EXPECT_EQ(OwnerOf(path_ / ".nginx" / "error.log"), kNobody);
  EXPECT_THAT(Refusal({}), HasSubstr("is in use by another volume"));
}

TEST_F(VolumeOfRoot, SaysHowToGiveTheOwnerWhatIsRoots) {
  fs::create_directory(path_ / ".nginx");
  EXPECT_THAT(Refusal({}), HasSubstr("run `chown -R nobody " + path_.string() + "/.nginx`"));
  Give(path_ / ".nginx");
  std::ofstream(path_ / ".nginx" / "lock").flush();
  fs::permissions(path_ / ".nginx" / "lock", fs::perms(0600));
  EXPECT_THAT(Refusal({}), HasSubstr("run `chown -R nobody " + path_.string() + "/.nginx`"));
}

// As a full disk, or one that can only be read, of a volume that knew no markers.
TEST_F(VolumeOfRoot, ServesADiskThatItCanNotMark) {
  fs::create_directories(path_ / "sv03" / ".body_temp");
  Give(path_ / "sv03" / ".body_temp");
  std::ofstream(path_ / "sv03" / "value") << "value";
  const NginxVolume volume({.folder = path_});
  HttpClient client;
  EXPECT_EQ(client.Get(volume.url() + "/sv03/value").body, "value");
  EXPECT_THAT(volume.Log(), HasSubstr("sv03 is not writable by nobody"));
  const std::string remembered = FileText(path_ / ".nginx" / "subvolumes");
  EXPECT_THAT(remembered, Not(HasSubstr("sv03")));
  EXPECT_THAT(remembered, HasSubstr("sv04"));
}

TEST_F(VolumeOfRoot, ItsCertificatesKeyIsTheOwners) {
  const TestAuthority authority(folder_.path());
  const auto issued = authority.Issue("volume");
  const NginxVolumeOptions options{
      .folder = path_, .certificate = issued.certificate, .certificate_key = issued.key};
  EXPECT_THAT(Refusal(options),
              HasSubstr("nobody can not read " + issued.key.string() +
                        ": if it is there, run `chown nobody " + issued.key.string() + "`"));
  Give(issued.key);
  const NginxVolume volume(options);
  HttpClient client;
  client.Trust(authority.file());
  EXPECT_EQ(client.Get(volume.url() + "/sv00/").status, 200);
}

TEST_F(VolumeOfRoot, KeepsTheRightToListenOnALowPort) {
  std::uint16_t port = 1023;
  while (Accepts(port)) --port;
  NginxVolume volume({.folder = path_, .port = port});
  const std::string status = FileText("/proc/" + std::to_string(volume.pid()) + "/status");
  EXPECT_THAT(status, ContainsRegex("\nCapEff:\t0*400\n")) << "CAP_NET_BIND_SERVICE alone";
  HttpClient client;
  EXPECT_EQ(client.Get(volume.url() + "/sv00/").status, 200);
}

}  // namespace
}  // namespace mkv::testing
