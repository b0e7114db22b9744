#include "s3api/protocol/list_document.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mkv::s3 {
namespace {

TEST(ListingUrlEncodeTest, EncodesAsS3Does) {
  EXPECT_EQ(ListingUrlEncode("azAZ09-_.*/"), "azAZ09-_.*/");
  EXPECT_EQ(ListingUrlEncode("a b+c%~\xC3\xA9\x01&="), "a+b%2Bc%25%7E%C3%A9%01%26%3D");
}

const Owner kOwner = {"alice", "alice"};

ListPage ExamplePage() {
  ListPage page;
  page.contents.push_back({"a&b c\x01", 7, 1'255'369'830'123'456, "abc"});
  page.common_prefixes = {"p q/"};
  page.truncated = true;
  page.last = "p q/";
  return page;
}

constexpr std::string_view kHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>";

TEST(ListObjectsDocumentTest, V1) {
  ListRequest request;
  request.bucket = "b";
  request.delimiter = "/";
  request.marker = "Z";
  request.fetch_owner = true;
  EXPECT_EQ(ListObjectsDocument(request, ExamplePage(), kOwner),
            std::string(kHead) +
                "<Prefix/><Marker>Z</Marker><NextMarker>p q/</NextMarker><MaxKeys>1000</MaxKeys>"
                "<Delimiter>/</Delimiter><IsTruncated>true</IsTruncated>"
                "<Contents><Key>a&amp;b c&#x1;</Key><LastModified>2009-10-12T17:50:30.000Z"
                "</LastModified><ETag>\"abc\"</ETag><Size>7</Size><Owner><ID>alice</ID>"
                "<DisplayName>alice</DisplayName></Owner><StorageClass>STANDARD</StorageClass>"
                "</Contents><CommonPrefixes><Prefix>p q/</Prefix></CommonPrefixes>"
                "</ListBucketResult>");
}

TEST(ListObjectsDocumentTest, V1NamesNoNextMarkerWithoutADelimiter) {
  ListRequest request;
  request.bucket = "b";
  EXPECT_EQ(ListObjectsDocument(request, ExamplePage(), kOwner).find("NextMarker"),
            std::string::npos);
}

TEST(ListObjectsDocumentTest, VersionsAreAllNullAndTheLatest) {
  ListRequest request;
  request.versions = true;
  request.fetch_owner = true;
  request.bucket = "b";
  ListPage page = ExamplePage();
  page.contents.front().checksum_algorithm = "CRC32";
  page.truncated = true;
  page.last = page.contents.back().key;
  const std::string document = ListObjectsDocument(request, page, kOwner);
  EXPECT_NE(document.find("</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"),
            std::string::npos)
      << document;
  EXPECT_NE(document.find("<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>"
                          "<ChecksumType>FULL_OBJECT</ChecksumType>"),
            std::string::npos);
  EXPECT_NE(document.find("<NextVersionIdMarker>null</NextVersionIdMarker>"), std::string::npos);
}

TEST(ListObjectsDocumentTest, V2WithUrlEncoding) {
  ListRequest request;
  request.v2 = true;
  request.bucket = "b";
  request.prefix = "a+";
  request.delimiter = " ";
  request.start_after = "x y";
  request.url_encoding = true;
  EXPECT_EQ(ListObjectsDocument(request, ExamplePage(), kOwner),
            std::string(kHead) +
                "<Prefix>a%2B</Prefix><StartAfter>x+y</StartAfter><NextContinuationToken>" +
                EncodeContinuationToken("p q/") +
                "</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>"
                "<Delimiter>+</Delimiter><EncodingType>url</EncodingType>"
                "<IsTruncated>true</IsTruncated><Contents><Key>a%26b+c%01</Key>"
                "<LastModified>2009-10-12T17:50:30.000Z</LastModified><ETag>\"abc\"</ETag>"
                "<Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
                "<CommonPrefixes><Prefix>p+q/</Prefix></CommonPrefixes></ListBucketResult>");
}

}  // namespace
}  // namespace mkv::s3
