// What the store relies on nginx for, and what the volume script keeps nginx from doing.
#include "tests/support/nginx_volume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/support/file_text.h"
#include "tests/support/generated_value.h"
#include "tests/support/http_client.h"
#include "tests/support/network.h"
#include "tests/support/raw_connection.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Volume : public ::testing::Test {
 protected:
  HttpResponse Do(const std::string& method, const std::string& path,
                  std::vector<std::string> headers = {}) {
    return client_.Do(
        {.method = method, .url = volume_.url() + path, .headers = std::move(headers)});
  }
  int Put(const std::string& path, const std::string& value) {
    return client_.Put(volume_.url() + path, value).status;
  }

  TempFolder folder_;
  NginxVolume volume_{{.folder = folder_.path() / "volume"}};
  HttpClient client_;
};

TEST_F(Volume, PutMakesNestedFolders) {
  EXPECT_EQ(Put("/sv03/ab/cd/L2Vtb2ppL/CfmIA=", "value"), 201);
  EXPECT_THAT(volume_.Files(), ElementsAre("/sv03/ab/cd/L2Vtb2ppL/CfmIA="));
  EXPECT_EQ(Do("GET", "/sv03/ab/cd/L2Vtb2ppL/CfmIA=").body, "value");
}

TEST_F(Volume, PutOfAnEmptyBodyMakesAnEmptyFile) {
  EXPECT_EQ(Put("/ab/cd/ZW1wdHk=", ""), 201);
  const HttpResponse got = Do("GET", "/ab/cd/ZW1wdHk=");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.Header("content-length"), "0");
}

TEST_F(Volume, ChunkedPutIsStored) {
  const GeneratedValue value(1, 3'000'000);
  EXPECT_EQ(
      client_
          .Do({.method = "PUT", .url = volume_.url() + "/ab/cd/Yg==", .producer = value.Producer()})
          .status,
      201);
  EXPECT_EQ(client_.Fetch(volume_.url() + "/ab/cd/Yg==").md5, value.Md5());
}

TEST_F(Volume, PutOverAFileReplacesIt) {
  EXPECT_EQ(Put("/ab/cd/Yg==", "old"), 201);
  EXPECT_EQ(Put("/ab/cd/Yg==", "new"), 204);
  EXPECT_EQ(Do("GET", "/ab/cd/Yg==").body, "new");
}

TEST_F(Volume, PutOfANameEndingInASlashIsAConflict) { EXPECT_EQ(Put("/ab/cd/", "value"), 409); }

TEST_F(Volume, IncompleteBodyLeavesNothing) {
  {
    RawConnection connection(volume_.port());
    connection.Send("PUT /sv01/ab/cd/Yg== HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    connection.Send(std::string(500'000, 'x'));
    connection.Reset();
  }
  // Asked on until nginx has noticed; nothing may appear meanwhile or after.
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Do("HEAD", "/sv01/ab/cd/Yg==").status, 404);
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_THAT(volume_.Files(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(volume_.folder() / "sv01" / ".body_temp"));
}

TEST_F(Volume, UploadsWaitOnTheDiskOfTheirSubvolume) {
  for (const std::string subvolume : {"sv00", "sv09"}) {
    RawConnection connection(volume_.port());
    connection.Send("PUT /" + subvolume +
                    "/ab/cd/Yg== HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" +
                    std::string(900'000, 'x'));
    const auto temp = volume_.folder() / subvolume / ".body_temp";
    for (int i = 0; i < 500 && fs::is_empty(temp); ++i) {
      std::this_thread::sleep_for(10ms);
    }
    EXPECT_FALSE(fs::is_empty(temp)) << subvolume;
  }
}

TEST_F(Volume, DeleteRemovesOneFile) {
  Put("/sv00/ab/cd/YQ==", "a");
  Put("/sv00/ab/cd/Yg==", "b");
  EXPECT_EQ(Do("DELETE", "/sv00/ab/cd/YQ==").status, 204);
  EXPECT_EQ(Do("DELETE", "/sv00/ab/cd/YQ==").status, 404);
  EXPECT_THAT(volume_.Files(), ElementsAre("/sv00/ab/cd/Yg=="));
}

TEST_F(Volume, DeleteOfAFolderIsRefused) {
  Put("/sv00/ab/cd/nested/Yg==", "b");
  Put("/ab/cd/nested/Yg==", "b");
  Put("/ab/cd/n%0Aed/Yg==", "b");
  for (const std::string path : {"/",
                                 "//",
                                 "/sv00",
                                 "/sv00/",
                                 "/sv00/ab",
                                 "/sv00/ab/",
                                 "/sv00/ab/cd",
                                 "/sv00/ab/cd/",
                                 "/sv00/ab/cd//",
                                 "/sv00/ab/cd/nested",
                                 "/sv00/ab/cd/nested/",
                                 "/sv00/ab/cd/nested%2F",
                                 "/sv00/ab/cd/nested/.",
                                 "/sv00/ab/cd/nested/x/..",
                                 "/sv00/ab/cd/nested/?x",
                                 "/ab",
                                 "/ab/",
                                 "/ab/cd",
                                 "/ab/cd/",
                                 "/ab/cd/nested",
                                 "/ab/cd/n%0Aed/",
                                 "/ab/cd/nested/"}) {
    EXPECT_THAT(Do("DELETE", path).status, AnyOf(403, 409)) << path;
    EXPECT_THAT(Do("DELETE", path, {"Depth: infinity"}).status, AnyOf(403, 409)) << path;
  }
  EXPECT_EQ(volume_.Files().size(), 3U);
}

TEST_F(Volume, OtherMethodsAreRefused) {
  Put("/ab/cd/Yg==", "b");
  for (const std::string method : {"POST", "MKCOL", "MOVE", "COPY", "PROPFIND", "OPTIONS"}) {
    EXPECT_EQ(Do(method, "/ab/cd/Yg==", {"Destination: /ab/cd/YQ=="}).status, 405) << method;
  }
  EXPECT_THAT(volume_.Files(), ElementsAre("/ab/cd/Yg=="));
}

TEST_F(Volume, ListingIsJsonWithSizesAndTimes) {
  Put("/sv00/ab/cd/Yg==", "12345");
  Put("/sv00/ab/cd/folder/YQ==", "1");
  auto listing = nlohmann::json::parse(Do("GET", "/sv00/ab/cd/").body);
  ASSERT_EQ(listing.size(), 2U);
  const auto& file = listing[0].at("type") == "file" ? listing[0] : listing[1];
  const auto& folder = listing[0].at("type") == "file" ? listing[1] : listing[0];
  EXPECT_EQ(file.at("name"), "Yg==");
  EXPECT_EQ(file.at("size"), 5);
  EXPECT_TRUE(file.contains("mtime"));
  EXPECT_EQ(folder.at("name"), "folder");
  EXPECT_EQ(folder.at("type"), "directory");
}

TEST_F(Volume, ListingOfAMissingFolderIsNotFound) {
  EXPECT_EQ(Do("GET", "/sv00/ab/cd/").status, 404);
}

TEST_F(Volume, ListingLeavesOutWhatIsNginxsOwn) {
  const auto listing = nlohmann::json::parse(Do("GET", "/").body);
  EXPECT_EQ(listing.size(), 10U);  // sv00 to sv09
  EXPECT_EQ(Do("GET", "/sv00/").body.find("temp"), std::string::npos);
}

TEST_F(Volume, WhatIsNginxsOwnIsNeverServed) {
  // Of the original's script, in the folder of a volume that it ran.
  fs::create_directory(volume_.folder() / "body_temp");
  fs::create_directory(volume_.folder() / "tmp");
  std::ofstream(volume_.folder() / "body_temp" / "0000000001") << "secret";
  std::ofstream(volume_.folder() / "nginx.pid") << "1";
  for (const std::string path :
       {"/.nginx", "/.nginx/", "/.nginx/nginx.conf", "/.nginx/nginx.pid", "/.nginx/error.log",
        "/%2Enginx/nginx.conf", "//.nginx/nginx.conf", "/sv00/../.nginx/nginx.conf",
        "/sv00/..%2F.nginx/nginx.conf", "/sv00/.body_temp/", "/sv00/.body_temp", "/body_temp/",
        "/body_temp/0000000001", "/body_temp", "/tmp/", "/tmp", "/nginx.pid"}) {
    EXPECT_EQ(Do("GET", path).status, 404) << path;
    EXPECT_EQ(Do("DELETE", path).status, path.back() == '/' ? 403 : 404) << path;
    EXPECT_EQ(client_.Put(volume_.url() + path + "x/y/z", "v").status,
              path == "/tmp" || path == "/body_temp" || path == "/nginx.pid" ? 201 : 404)
        << path;
  }
  EXPECT_THAT(FileText(volume_.folder() / ".nginx" / "nginx.conf"), HasSubstr("daemon off"));
}

TEST_F(Volume, PathsDoNotLeaveTheFolder) {
  std::ofstream(folder_.path() / "outside") << "secret";
  for (const std::string path : {"/../outside", "/sv00/../../outside", "/%2e%2e/outside",
                                 "/..%2Foutside", "/sv00/..%2F..%2Foutside"}) {
    EXPECT_EQ(Do("GET", path).status, 400) << path;
    EXPECT_EQ(Put(path, "overwritten"), 400) << path;
    EXPECT_EQ(Do("DELETE", path).status, 400) << path;
  }
  EXPECT_EQ(FileText(folder_.path() / "outside"), "secret");
}

TEST(VolumeWithALinkToADisk, StoresWhatIsThatSubvolumesOnIt) {
  const TempFolder folder;
  fs::create_directory(folder.path() / "disk");
  fs::create_directory(folder.path() / "volume");
  fs::create_directory_symlink(folder.path() / "disk", folder.path() / "volume" / "sv04");
  const NginxVolume volume({.folder = folder.path() / "volume"});
  HttpClient client;
  EXPECT_EQ(client.Put(volume.url() + "/sv04/ab/cd/Yg==", "value").status, 201);
  EXPECT_EQ(FileText(folder.path() / "disk" / "ab" / "cd" / "Yg=="), "value");
  EXPECT_TRUE(fs::exists(folder.path() / "disk" / ".body_temp"));
}

TEST_F(Volume, RangesWork) {
  Put("/ab/cd/Yg==", "0123456789");
  const HttpResponse middle = Do("GET", "/ab/cd/Yg==", {"Range: bytes=2-4"});
  EXPECT_EQ(middle.status, 206);
  EXPECT_EQ(middle.body, "234");
  EXPECT_EQ(middle.Header("content-range"), "bytes 2-4/10");
  EXPECT_EQ(Do("GET", "/ab/cd/Yg==", {"Range: bytes=-3"}).body, "789");
  EXPECT_EQ(Do("GET", "/ab/cd/Yg==", {"Range: bytes=10-"}).status, 416);
}

TEST_F(Volume, ContentTypeSaysNothing) {
  Put("/ab/cd/x.html", "<script>");
  EXPECT_EQ(Do("GET", "/ab/cd/x.html").Header("content-type"), "application/octet-stream");
}

TEST_F(Volume, DeletedFileIsGoneAtOnce) {
  for (int i = 0; i < 20; ++i) {
    Put("/ab/cd/Yg==", "value");
    ASSERT_EQ(Do("GET", "/ab/cd/Yg==").status, 200);
    ASSERT_EQ(Do("DELETE", "/ab/cd/Yg==").status, 204);
    ASSERT_EQ(Do("HEAD", "/ab/cd/Yg==").status, 404);
  }
}

TEST_F(Volume, MissingFilesAreNotLogged) {
  Do("GET", "/sv00/ab/cd/Yg==");
  EXPECT_THAT(volume_.Log(), ::testing::Not(HasSubstr("Yg==")));
}

TEST_F(Volume, ServesTheSameFilesAfterBeingKilled) {
  Put("/sv00/ab/cd/Yg==", "value");
  volume_.Kill();
  EXPECT_EQ(Do("GET", "/sv00/ab/cd/Yg==").status, 0);
  volume_.Start();
  EXPECT_EQ(Do("GET", "/sv00/ab/cd/Yg==").body, "value");
}

TEST_F(Volume, PausedVolumeAnswersOnlyOnceResumed) {
  Put("/ab/cd/Yg==", "value");
  volume_.Pause();
  EXPECT_EQ(client_.Do({.url = volume_.url() + "/ab/cd/Yg==", .timeout = 300ms}).status, 0);
  volume_.Resume();
  EXPECT_EQ(Do("GET", "/ab/cd/Yg==").body, "value");
}

TEST_F(Volume, SecondVolumeInTheSameFolderIsRefused) {
  EXPECT_THROW(NginxVolume({.folder = volume_.folder()}), std::runtime_error);
  EXPECT_THAT(volume_.Log(), HasSubstr("is in use by another volume"));
  EXPECT_EQ(Do("GET", "/").status, 200);
}

TEST_F(Volume, SecondVolumeOnTheSamePortIsRefused) {
  EXPECT_THROW(NginxVolume({.folder = folder_.path() / "other", .port = volume_.port()}),
               std::runtime_error);
}

TEST(VolumeWithoutSubvolumes, HasNoFolders) {
  const TempFolder folder;
  const NginxVolume volume({.folder = folder.path() / "volume", .subvolumes = 1});
  HttpClient client;
  EXPECT_EQ(client.Get(volume.url() + "/").body, "[\r\n]");
  EXPECT_EQ(client.Put(volume.url() + "/ab/cd/Yg==", "value").status, 201);
  EXPECT_THAT(volume.Files(), ElementsAre("/ab/cd/Yg=="));
}

TEST(VolumeWith256Subvolumes, PreparesThemAll) {
  const TempFolder folder;
  const NginxVolume volume({.folder = folder.path() / "volume", .subvolumes = 256});
  HttpClient client;
  EXPECT_EQ(client.Put(volume.url() + "/svFF/ab/cd/Yg==", "value").status, 201);
  EXPECT_TRUE(fs::exists(volume.folder() / "sv0A" / ".body_temp"));
}

TEST(VolumeInAFolderWithAnOddName, Works) {
  const TempFolder folder;
  const NginxVolume volume({.folder = folder.path() / "a \"b\"; {c} 'd' \\ é"});
  HttpClient client;
  EXPECT_EQ(client.Put(volume.url() + "/sv00/ab/cd/Yg==", "value").status, 201);
  EXPECT_THAT(volume.Files(), ElementsAre("/sv00/ab/cd/Yg=="));
}

TEST(VolumeOfAnOrdinaryUser, NeedsNothingOutsideItsFolder) {
  const TempFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  std::vector<std::string> as_nobody;
  if (geteuid() == 0) {
    as_nobody = {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"};
  }
  const NginxVolume volume({.folder = folder.path() / "volume", .run_by = as_nobody});
  HttpClient client;
  EXPECT_EQ(client.Put(volume.url() + "/sv00/ab/cd/Yg==", "value").status, 201);
  EXPECT_EQ(client.Get(volume.url() + "/sv00/ab/cd/Yg==").body, "value");
  EXPECT_EQ(client.Do({.method = "DELETE", .url = volume.url() + "/sv00/ab/cd/Yg=="}).status, 204);
}

TEST(VolumeScript, RefusesBadSettings) {
  const TempFolder folder;
  const std::string script = SourceFile("volume/volume");
  const std::string data = (folder.path() / "volume").string();
  const auto run = [&](std::map<std::string, std::optional<std::string>> environment) {
    return RunProgram({.arguments = {script, data},
                       .environment = std::move(environment),
                       .output = folder.path() / "log"});
  };
  EXPECT_EQ(run({{"PORT", "0"}}), 1);
  EXPECT_EQ(run({{"PORT", "65536"}}), 1);
  EXPECT_EQ(run({{"PORT", "3001; }"}}), 1);
  EXPECT_EQ(run({{"LISTEN", "127.0.0.1;"}}), 1);
  EXPECT_EQ(run({{"SUBVOLUMES", "257"}}), 1);
  EXPECT_EQ(run({{"WORKERS", "many"}}), 1);
  EXPECT_EQ(run({{"MKV_VOLUME_KEY", "short"}}), 1);
  EXPECT_EQ(run({{"MKV_VOLUME_KEY", "with a \"quote\" and more"}}), 1);
  EXPECT_FALSE(fs::exists(data));
  EXPECT_EQ(RunProgram({.arguments = {script}, .output = folder.path() / "log"}), 1);
  EXPECT_EQ(RunProgram({.arguments = {script, data + "$x"}, .output = folder.path() / "log"}), 1);
}

}  // namespace
}  // namespace mkv::testing
