#include "s3api/protocol/request_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

template <typename Parse>
std::string BodyProblem(Parse parse, std::string_view body) {
  try {
    (void)parse(body);
  } catch (const S3Error& error) {
    return error.code();
  }
  return "";
}

std::string DeleteOf(int keys) {
  std::string body = "<Delete>";
  for (int i = 0; i < keys; ++i) body += "<Object><Key>k</Key></Object>";
  return body + "</Delete>";
}

TEST(RequestBodyTest, CreateBucketMayHaveNoBody) {
  EXPECT_EQ(ParseCreateBucketConfiguration("").location_constraint, "");
  EXPECT_EQ(ParseCreateBucketConfiguration(
                "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                "<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>")
                .location_constraint,
            "eu-west-1");
  EXPECT_EQ(BodyProblem(ParseCreateBucketConfiguration, "<Nonsense/>"), "MalformedXML");
}

TEST(RequestBodyTest, CreateBucketMayBringTags) {
  const auto with = [](const std::string& tags) {
    return "<CreateBucketConfiguration><Tags>" + tags + "</Tags></CreateBucketConfiguration>";
  };
  const std::string tag = "<Tag><Key>team</Key><Value>a</Value></Tag>";
  EXPECT_THAT(ParseCreateBucketConfiguration(with(tag)).tags, ElementsAre(Tag{"team", "a"}));
  EXPECT_EQ(BodyProblem(ParseCreateBucketConfiguration, with(tag + tag)), "InvalidTag");
  EXPECT_EQ(BodyProblem(ParseCreateBucketConfiguration, with("<Tag><Key>k</Key></Tag>")),
            "MalformedXML");
}

TEST(RequestBodyTest, DeleteNamesKeysAndTheirConditions) {
  const DeleteRequest request = ParseDelete(
      "<Delete><Object><Key>a b</Key></Object>"
      "<Object><Key>c</Key><VersionId>null</VersionId><ETag>\"abc\"</ETag>"
      "<LastModifiedTime>Mon, 12 Oct 2009 17:50:30 GMT</LastModifiedTime><Size>7</Size></Object>"
      "<Quiet>true</Quiet></Delete>");
  EXPECT_TRUE(request.quiet);
  ASSERT_EQ(request.objects.size(), 2u);
  EXPECT_EQ(request.objects[0].key, "a b");
  EXPECT_EQ(request.objects[0].etag, std::nullopt);
  EXPECT_EQ(request.objects[1].version_id, "null");
  EXPECT_EQ(request.objects[1].etag, "abc");
  EXPECT_EQ(request.objects[1].last_modified_us, 1'255'369'830'000'000);
  EXPECT_EQ(request.objects[1].size, 7u);
}

TEST(RequestBodyTest, DeleteTakesOneToAThousandKeys) {
  EXPECT_EQ(ParseDelete(DeleteOf(1000)).objects.size(), 1000u);
  EXPECT_FALSE(ParseDelete(DeleteOf(1)).quiet);
  EXPECT_EQ(BodyProblem(ParseDelete, DeleteOf(1001)), "MalformedXML");
  EXPECT_EQ(BodyProblem(ParseDelete, DeleteOf(0)), "MalformedXML");
  EXPECT_EQ(BodyProblem(ParseDelete, "<Delete><Object/></Delete>"), "MalformedXML");
  EXPECT_EQ(BodyProblem(ParseDelete, "<Delete><Object><Key></Key></Object></Delete>"),
            "MalformedXML");
  EXPECT_EQ(BodyProblem(ParseDelete, ""), "MissingRequestBodyError");
}

TEST(RequestBodyTest, CompleteNamesPartsWithTheirChecksums) {
  const auto parts = ParseCompleteMultipartUpload(
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"aa\"</ETag></Part>"
      "<Part><ETag>bb</ETag><PartNumber>3</PartNumber><ChecksumCRC32C>x/y=</ChecksumCRC32C></Part>"
      "</CompleteMultipartUpload>");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].number, 1u);
  EXPECT_EQ(parts[0].etag, "aa");
  EXPECT_EQ(parts[1].number, 3u);
  EXPECT_EQ(parts[1].etag, "bb");
  EXPECT_THAT(parts[1].checksums, ElementsAre(Pair(ChecksumAlgorithm::kCrc32c, "x/y=")));
}

TEST(RequestBodyTest, AChecksumThatNobodyCanCompareIsRefused) {
  for (const char* element : {"ChecksumSHA512", "ChecksumMD5", "ChecksumFoo"}) {
    const std::string name = element;
    EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload,
                          "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
                          "<ETag>a</ETag><" +
                              name + ">AAAA</" + name + "></Part></CompleteMultipartUpload>"),
              "InvalidRequest")
        << name;
  }
}

// `elements`, each with a name and a text, as a careful writer of XML lays them out.
std::string Laid(const std::string& name,
                 const std::vector<std::pair<std::string, std::string>>& elements) {
  std::string text = "  <" + name + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\r\n";
  for (const auto& [element, value] : elements) {
    text.append("    <").append(element).append(">").append(value).append("</");
    text.append(element).append(">\r\n");
  }
  return text + "  </" + name + ">\r\n";
}

TEST(RequestBodyTest, AsManyPartsAsThereMayBeWithAllThatS3Has) {
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<CompleteMultipartUpload>\r\n";
  for (std::size_t i = 1; i <= kMaxParts; ++i) {
    body += Laid("Part", {{"PartNumber", std::to_string(i)},
                          {"ETag", "&quot;" + std::string(32, 'a') + "&quot;"},
                          {"ChecksumCRC32", "AAAAAA=="},
                          {"ChecksumCRC32C", "AAAAAA=="},
                          {"ChecksumCRC64NVME", "AAAAAAAAAAA="},
                          {"ChecksumSHA1", std::string(27, 'A') + "="},
                          {"ChecksumSHA256", std::string(43, 'A') + "="}});
  }
  body += "</CompleteMultipartUpload>\r\n";
  EXPECT_LT(body.size(), kMaxCompleteBody);
  EXPECT_EQ(ParseCompleteMultipartUpload(body).size(), kMaxParts);
}

TEST(RequestBodyTest, AsManyKeysAsThereMayBeWithAllThatS3Has) {
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<Delete>\r\n";
  for (std::size_t i = 0; i < kMaxDeleteKeys; ++i) {
    body += Laid("Object", {{"Key", std::string(1024, 'k')},
                            {"VersionId", "null"},
                            {"ETag", "\"" + std::string(32, 'a') + "\""},
                            {"LastModifiedTime", "2009-10-12T17:50:30.000Z"},
                            {"Size", "1"}});
  }
  body += "  <Quiet>true</Quiet>\r\n</Delete>\r\n";
  EXPECT_LT(body.size(), kMaxDeleteBody);
  EXPECT_EQ(ParseDelete(body).objects.size(), kMaxDeleteKeys);
}

// What nobody asked for is passed over, but has a place in memory until then.
TEST(RequestBodyTest, MarkupIsLimited) {
  const auto times = [](std::size_t count, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
  };
  const std::string object = "<Object><Key>k</Key></Object>";
  EXPECT_EQ(BodyProblem(ParseDelete,
                        "<Delete>" + object + times(kMaxDeleteMarkup - 6, "<a/>") + "</Delete>"),
            "");
  EXPECT_EQ(BodyProblem(ParseDelete,
                        "<Delete>" + object + times(kMaxDeleteMarkup - 5, "<a/>") + "</Delete>"),
            "MalformedXML");
  const std::string part = "<Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>";
  EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload, "<CompleteMultipartUpload>" + part +
                                                          times(kMaxCompleteMarkup - 7, "<a/>") +
                                                          "</CompleteMultipartUpload>"),
            "MalformedXML");
  EXPECT_EQ(BodyProblem(ParseCreateBucketConfiguration,
                        "<CreateBucketConfiguration" + times(9'000, " a=''") + "/>"),
            "MalformedXML");
}

TEST(RequestBodyTest, PartsComeInAscendingOrder) {
  const auto with_parts = [](int a, int b) {
    return "<CompleteMultipartUpload><Part><PartNumber>" + std::to_string(a) +
           "</PartNumber><ETag>x</ETag></Part><Part><PartNumber>" + std::to_string(b) +
           "</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
  };
  EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload, with_parts(1, 10'000)), "");
  EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload, with_parts(2, 1)), "InvalidPartOrder");
  EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload, with_parts(2, 2)), "InvalidPartOrder");
  EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload, with_parts(0, 1)), "InvalidArgument");
  EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload, with_parts(1, 10'001)), "InvalidArgument");
  EXPECT_EQ(BodyProblem(ParseCompleteMultipartUpload, "<CompleteMultipartUpload/>"),
            "MalformedXML");
}

}  // namespace
}  // namespace mkv::s3
