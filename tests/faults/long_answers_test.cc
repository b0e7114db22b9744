// CompleteMultipartUpload and copies that take longer than clients wait: white space comes until
// the document is ready, and whoever hangs up meanwhile has asked for it all the same.
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "tests/faults/multipart_over_faults.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kSignsOfLife = 5;

std::size_t SpacesAtEnd(const std::string& text) {
  return text.size() - (text.find_last_not_of(' ') + 1);
}

class LongAnswers : public MultipartOverFaults {
 protected:
  void Start(std::vector<std::string> more = {}) { Start(Impatient(), std::move(more)); }
  void Start(ClusterOptions options, std::vector<std::string> more) {
    options.arguments.emplace_back("-whitespace-interval=100ms");
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    StartCluster(std::move(options));
  }

  // Sends the request, and calls `waiting` when some white space has come: false hangs up.
  HttpResponse Try(HttpRequest request, const std::function<bool()>& waiting) {
    std::string body;
    bool waited = false;
    request.consumer = [&](std::string_view piece) {
      body += piece;
      if (waited || SpacesAtEnd(body) < kSignsOfLife) return true;
      waited = true;
      return waiting();
    };
    HttpClient client;
    HttpResponse answer = client.Do(request);
    if (answer.status / 100 == 2) answer.body = body;
    return answer;
  }
  // The same, where some must come.
  HttpResponse Ask(HttpRequest request, const std::function<bool()>& waiting) {
    bool waited = false;
    HttpResponse answer = Try(std::move(request), [&] {
      waited = true;
      return waiting();
    });
    EXPECT_TRUE(waited) << "no sign of life: " << answer.status << " " << answer.error;
    return answer;
  }
  HttpResponse CompleteAnd(const std::function<bool()>& waiting) {
    return Ask({.method = "POST",
                .url = cluster().gateway().url() + kTarget + CompleteQuery(),
                .headers = {kIsS3},
                .body = list_},
               waiting);
  }
  // For what goes on while nobody waits for its answer.
  bool BecomesNew(std::chrono::milliseconds patience = 20s) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (Value() != value_) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }

  // A key that lies on another volume than `key`, of two volumes with a replica each, and which
  // volume that is.
  std::pair<std::string, std::string> KeyElsewhere(const std::string& key) {
    const std::string here = cluster().Head(key).Header("Key-Volumes");
    for (int i = 0; i < 100; ++i) {
      const std::string other = "/bkt/elsewhere" + std::to_string(i);
      EXPECT_EQ(cluster().Put(other, "x").status, 201);
      const std::string there = cluster().Head(other).Header("Key-Volumes");
      if (there.substr(0, there.find('/')) != here.substr(0, here.find('/'))) return {other, there};
    }
    return {};
  }
};

TEST_F(LongAnswers, WhiteSpaceComesWhileAVolumeTakesNothing) {
  Start();
  UploadAll();
  cluster().volume(1).Pause();
  const HttpResponse answer = CompleteAnd([this] {
    cluster().volume(1).Resume();
    return true;
  });
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.Header("Content-Type"), "application/xml");
  EXPECT_THAT(answer.body, StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
  EXPECT_THAT(answer.body, HasSubstr("     <CompleteMultipartUploadResult"));
  EXPECT_THAT(Element(answer.body, "ETag"), HasSubstr("-3"));
  EXPECT_THAT(answer.body, EndsWith("</CompleteMultipartUploadResult>"));
  EXPECT_TRUE(Value() == value_);
}

TEST_F(LongAnswers, SaysWhatBrowsersWantToHear) {
  Start();
  HttpClient client;
  ASSERT_EQ(client
                .Do({.method = "PUT",
                     .url = cluster().gateway().url() + "/bkt?cors",
                     .headers = {kIsS3},
                     .body = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>"
                             "<AllowedMethod>POST</AllowedMethod></CORSRule></CORSConfiguration>"})
                .status,
            200);
  UploadAll();
  cluster().volume(1).Pause();
  const HttpResponse answer = Ask({.method = "POST",
                                   .url = cluster().gateway().url() + kTarget + CompleteQuery(),
                                   .headers = {kIsS3, "Origin: http://www.example"},
                                   .body = list_},
                                  [this] {
                                    cluster().volume(1).Resume();
                                    return true;
                                  });
  EXPECT_EQ(answer.Header("Access-Control-Allow-Origin"), "*");
  EXPECT_TRUE(Value() == value_);
}

TEST_F(LongAnswers, WhiteSpaceComesWhileAVolumeThatHasItAllDoesNotAnswer) {
  Start();
  UploadAll({1000});
  cluster().volume(1).Pause();
  const HttpResponse answer = CompleteAnd([this] {
    cluster().volume(1).Resume();
    return true;
  });
  EXPECT_THAT(Element(answer.body, "ETag"), HasSubstr("-1"));
  EXPECT_TRUE(Value() == value_);
}

TEST_F(LongAnswers, AFailureAfterTheStatusIsAnErrorInIt) {
  Start();
  UploadAll();
  cluster().volume(1).Pause();
  const HttpResponse answer = CompleteAnd([this] {
    cluster().volume(1).Kill();
    return true;
  });
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.error, "");
  EXPECT_THAT(answer.body, HasSubstr("     <Error><Code>ServiceUnavailable</Code>"));
  EXPECT_THAT(answer.body, EndsWith("</Error>"));
  EXPECT_EQ(Value(), kOld);
}

TEST_F(LongAnswers, ACopyIsAsPatient) {
  ClusterOptions options = Impatient(2);
  options.replicas = 1;
  Start(std::move(options), {});
  const std::string value = GeneratedValue(1, 12 << 20).Bytes();
  ASSERT_EQ(cluster().Put("/bkt/source", value).status, 201);
  const auto [target, entry] = KeyElsewhere("/bkt/source");
  NginxVolume& volume = cluster().VolumeNamed(entry);
  const HttpRequest copy = {.method = "PUT",
                            .url = cluster().gateway().Url(target),
                            .headers = {"x-amz-copy-source: /bkt/source"}};
  volume.Pause();
  const HttpResponse copied = Ask(copy, [&volume] {
    volume.Resume();
    return true;
  });
  EXPECT_EQ(copied.status, 200);
  EXPECT_THAT(copied.body, HasSubstr("     <CopyObjectResult"));
  EXPECT_NE(Element(copied.body, "ETag"), "");
  EXPECT_TRUE(cluster().Get(target).body == value);

  volume.Pause();
  const HttpResponse failed = Ask(copy, [&volume] {
    volume.Kill();
    return true;
  });
  EXPECT_EQ(failed.status, 200);
  EXPECT_THAT(failed.body, HasSubstr("     <Error><Code>ServiceUnavailable</Code>"));
  volume.Start();
  EXPECT_TRUE(cluster().Get(target).body == value);
}

TEST_F(LongAnswers, ACopiedPartThatFindsNoMemoryIsAsPatient) {
  ClusterOptions options = Impatient(2);
  options.replicas = 1;
  Start(std::move(options), {"-multipart-memory=0"});
  ASSERT_EQ(cluster().Put("/bkt/source", "the source").status, 201);
  NginxVolume& volume = cluster().VolumeNamed(KeyElsewhere("/bkt/source").second);
  bool waited = false;
  // Which of the volumes a part goes to is a matter of the upload's id.
  for (int i = 0; i < 30 && !waited; ++i) {
    Create();
    volume.Pause();
    const HttpResponse answer =
        Try({.method = "PUT",
             .url = cluster().gateway().url() + kTarget + "?partNumber=1&uploadId=" + id_,
             .headers = {"x-amz-copy-source: /bkt/source"}},
            [&] {
              volume.Resume();
              return waited = true;
            });
    if (!waited) volume.Resume();
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(Element(answer.body, "ETag"), "") << answer.body;
  }
  EXPECT_TRUE(waited);
}

TEST_F(LongAnswers, WhoHangsUpWhileCompletingHasAskedForItAllTheSame) {
  Start();
  UploadAll();
  cluster().volume(1).Pause();
  CompleteAnd([] { return false; });
  std::this_thread::sleep_for(1s);  // signs of life that nobody takes
  EXPECT_EQ(Value(), kOld);
  cluster().volume(1).Resume();
  EXPECT_TRUE(BecomesNew());
  const HttpResponse again = Complete();
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Element(again.body, "ETag"), Do("HEAD", "").Header("ETag"));
  ExpectNothingLeftOver(cluster());
}

TEST_F(LongAnswers, WhoHangsUpAtOnceHasAskedForItToo) {
  Start();
  UploadAll();
  cluster().volume(1).Pause();
  RawConnection connection(cluster().gateway().port());
  connection.Send("POST " + (kTarget + CompleteQuery()) + " HTTP/1.1\r\nHost: x\r\n" + kIsS3 +
                  "\r\nContent-Length: " + std::to_string(list_.size()) + "\r\n\r\n" + list_);
  connection.Close();
  std::this_thread::sleep_for(1s);
  cluster().volume(1).Resume();
  EXPECT_TRUE(BecomesNew());
  EXPECT_EQ(Complete().status, 200);
  ExpectNothingLeftOver(cluster());
}

TEST_F(LongAnswers, AServerThatStopsFinishesWhatNobodyWaitsForAnyMore) {
  Start();
  UploadAll();
  cluster().volume(1).Pause();
  CompleteAnd([] { return false; });
  std::this_thread::sleep_for(500ms);
  {
    const std::jthread resuming([this] {
      std::this_thread::sleep_for(1s);
      cluster().volume(1).Resume();
    });
    EXPECT_EQ(cluster().gateway().Terminate(), 0);
  }
  cluster().gateway().Start();
  EXPECT_TRUE(Value() == value_);
  ExpectNothingLeftOver(cluster());
}

TEST_F(LongAnswers, AServerThatStopsWaitsForThatNoLongerThanForAnythingElse) {
  Start({"-stop-timeout=1s"});
  UploadAll();
  cluster().volume(1).Pause();
  CompleteAnd([] { return false; });
  std::this_thread::sleep_for(500ms);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(cluster().gateway().Terminate(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s) << "a volume is given 30 s";
  cluster().volume(1).Resume();
  cluster().gateway().Start();
  EXPECT_EQ(Value(), kOld);
  ExpectNothingLeftOver(cluster());
}

}  // namespace
}  // namespace mkv::testing
