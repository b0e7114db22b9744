#include "s3api/protocol/xml.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

using namespace std::string_view_literals;

std::string XmlProblem(std::string_view body, const XmlLimits& limits = {}) {
  try {
    const XmlBody document(body, "Root", limits);
  } catch (const S3Error& error) {
    return error.code();
  }
  return "";
}

std::string TextOfKey(std::string_view body) {
  return XmlBody(body, "Root").root().RequiredText("Key");
}

TEST(XmlTest, ADocumentHasDeclarationAndNamespace) {
  XmlDocument document("ListBucketResult");
  document.root().Add("Name", "b");
  document.root().Add("Prefix", "");
  document.root().AddNumber("MaxKeys", 1000);
  document.root().AddBool("IsTruncated", false);
  EXPECT_EQ(document.Text(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Name>b</Name><Prefix/><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
            "</ListBucketResult>");
}

TEST(XmlTest, ControlCharactersGoOutAsReferences) {
  XmlDocument document("R", XmlDocument::Namespace::kNone);
  document.root().Add("K", "<&>\x01\x1F\r\n\t\"'");
  const std::string text = document.Text();
  EXPECT_NE(text.find("<K>&lt;&amp;&gt;&#x1;&#x1F;&#xD;\n\t\"'</K>"), std::string::npos) << text;
}

TEST(XmlTest, BytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(ReplaceInvalidUtf8("ok"), "ok");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF\0b"sv),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(ReplaceInvalidUtf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(XmlTest, TextIsReadAsItWasWritten) {
  EXPECT_EQ(TextOfKey("<Root><Key>a &amp; &#x41;&#66;<![CDATA[<&x;>]]>c</Key></Root>"),
            "a & AB<&x;>c");
  EXPECT_EQ(TextOfKey("<Root><Key> </Key></Root>"), " ");
  EXPECT_EQ(TextOfKey("<Root><Key> a </Key></Root>"), " a ");
  EXPECT_EQ(TextOfKey("<Root><Key/></Root>"), "");
  EXPECT_EQ(TextOfKey("<Root><Key>&#x1;</Key></Root>"), "\x01");
}

TEST(XmlTest, NamespacePrefixesAndCommentsDoNotMatter) {
  EXPECT_EQ(TextOfKey("\xEF\xBB\xBF<?xml version='1.0'?><!-- & -->"
                      "<s3:Root xmlns:s3='x'>\n <s3:Key>k</s3:Key>\n</s3:Root>\n"),
            "k");
}

TEST(XmlTest, WhatIsNotWellFormedIsMalformed) {
  for (const std::string_view body :
       {"x"sv, "<Root>"sv, "<Root></Roo>"sv, "<Other/>"sv, "<Root/><Root/>"sv,
        "<Root><Key>&undefined;</Key></Root>"sv, "<Root><Key>a & b</Key></Root>"sv,
        "<Root><Key>a&#0;b</Key></Root>"sv, "<Root><Key>&#xD800;</Key></Root>"sv,
        "<Root><Key>&#x110000;</Key></Root>"sv, "<Root>\0</Root>"sv, "<Root>\xFF</Root>"sv,
        "<Root><![CDATA[</Root>"sv}) {
    EXPECT_EQ(XmlProblem(body), "MalformedXML") << body;
  }
}

TEST(XmlTest, ADocumentTypeIsRefused) {
  EXPECT_EQ(XmlProblem("<!DOCTYPE Root><Root/>"), "MalformedXML");
  EXPECT_EQ(XmlProblem("<!DOCTYPE Root [<!ENTITY a 'b'>]><Root>&a;</Root>"), "MalformedXML");
}

TEST(XmlTest, SizeAndDepthAreLimited) {
  EXPECT_EQ(XmlProblem("<Root/>", {.max_bytes = 7}), "");
  EXPECT_EQ(XmlProblem("<Root/> ", {.max_bytes = 7}), "MaxMessageLengthExceeded");
  EXPECT_EQ(XmlProblem("<Root><a><b/></a></Root>", {.max_depth = 3}), "");
  EXPECT_EQ(XmlProblem("<Root><a><b><c/></b></a></Root>", {.max_depth = 3}), "MalformedXML");
  std::string deep = "<Root>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_EQ(XmlProblem(deep, {.max_markup = 1'000'000}), "MalformedXML");
  EXPECT_EQ(XmlProblem(""), "MissingRequestBodyError");
}

TEST(XmlTest, MarkupIsLimited) {
  const auto holds = [](std::string_view body, std::size_t markup) {
    return XmlProblem(body, {.max_markup = markup}).empty() &&
           XmlProblem(body, {.max_markup = markup - 1}) == "MalformedXML";
  };
  EXPECT_TRUE(holds("<Root/>", 1));
  EXPECT_TRUE(holds("<Root><a/>text<a>text</a></Root>", 5));
  EXPECT_TRUE(holds("<Root a='1' b=\"2\" c = '3' d\n=\t\"4\"/>", 5));
  EXPECT_TRUE(holds("<Root><Key>QUJD=</Key><ETag>\"a\"</ETag></Root>", 6)) << "no attributes";
  // Nothing that the parser passes over hides markup from the count.
  EXPECT_TRUE(holds("<?p <![CDATA[ ?><Root><a/><a/><Key>]]></Key></Root>", 8));
  EXPECT_TRUE(holds("<!-- ' --><Root a='<!--'><a/></Root><!-- -->", 7));
}

TEST(XmlTest, AnElementThatMayBeThereOnceIsRefusedTwice) {
  EXPECT_THROW(TextOfKey("<Root><Key>a</Key><Key>b</Key></Root>"), S3Error);
  EXPECT_THROW(TextOfKey("<Root/>"), S3Error);
  EXPECT_THROW(TextOfKey("<Root><Key><x/></Key></Root>"), S3Error);
}

}  // namespace
}  // namespace mkv::s3
