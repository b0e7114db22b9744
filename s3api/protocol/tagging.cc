#include "s3api/protocol/tagging.h"

#include <Poco/TextIterator.h>
#include <Poco/UTF8Encoding.h>
#include <Poco/Unicode.h>

#include <algorithm>
#include <set>

#include "s3api/protocol/error.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/request_body.h"
#include "s3api/signature/canonical.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kMarks = "_.:/=+-@";

bool IsTagCharacter(int character) {
  if (character > 0 && character < 128 &&
      kMarks.find(static_cast<char>(character)) != std::string_view::npos) {
    return true;
  }
  Poco::Unicode::CharacterProperties properties;
  Poco::Unicode::properties(character, properties);
  return properties.category == Poco::Unicode::UCP_LETTER ||
         properties.category == Poco::Unicode::UCP_NUMBER ||
         properties.category == Poco::Unicode::UCP_SEPARATOR;
}

bool IsTagText(const std::string& text, std::size_t max_characters) {
  if (!IsUtf8(text)) return false;
  const Poco::UTF8Encoding encoding;
  const Poco::TextIterator end(text);
  std::size_t count = 0;
  for (Poco::TextIterator at(text, encoding); at != end; ++at) {
    if (++count > max_characters || !IsTagCharacter(*at)) return false;
  }
  return true;
}

void Check(const std::vector<Tag>& tags, std::size_t max_tags) {
  if (tags.size() > max_tags) {
    throw S3Error(ErrorCode::kBadRequest,
                  max_tags == kMaxObjectTags
                      ? "Object tags cannot be greater than " + std::to_string(max_tags)
                      : "Bucket tag count cannot be greater than " + std::to_string(max_tags));
  }
  std::set<std::string_view> seen;
  for (const Tag& tag : tags) {
    if (tag.key.empty() || !IsTagText(tag.key, kMaxTagKey)) {
      throw S3Error(ErrorCode::kInvalidTag, "The TagKey you have provided is invalid")
          .With("TagKey", tag.key);
    }
    if (!IsTagText(tag.value, kMaxTagValue)) {
      throw S3Error(ErrorCode::kInvalidTag, "The TagValue you have provided is invalid")
          .With("TagKey", tag.key)
          .With("TagValue", tag.value);
    }
    if (tag.key.starts_with("aws:")) {
      throw S3Error(ErrorCode::kInvalidTag, "System tags cannot be added/updated by requester")
          .With("TagKey", tag.key);
    }
    if (!seen.insert(tag.key).second) {
      throw S3Error(ErrorCode::kInvalidTag, "Cannot provide multiple Tags with the same key")
          .With("TagKey", tag.key);
    }
  }
}

}  // namespace

std::vector<Tag> ParseTagging(std::string_view body, std::size_t max_tags) {
  const XmlBody document(body, "Tagging", {.max_bytes = kMaxSmallBody});
  const std::optional<XmlBodyElement> set = document.root().Child("TagSet");
  if (!set) throw S3Error(ErrorCode::kMalformedXml);
  return ParseTags(*set, max_tags);
}

std::vector<Tag> ParseTags(const XmlBodyElement& set, std::size_t max_tags) {
  std::vector<Tag> tags;
  for (const XmlBodyElement& tag : set.Children("Tag")) {
    tags.push_back({tag.RequiredText("Key"), tag.RequiredText("Value")});
  }
  Check(tags, max_tags);
  return tags;
}

std::vector<Tag> ParseTaggingHeader(std::string_view header) {
  std::vector<Tag> tags;
  for (QueryParameter& parameter : DecodeQuery(header)) {
    tags.push_back({std::move(parameter.name), std::move(parameter.value)});
  }
  const auto is_bad = [&tags](const Tag& tag) {
    return tag.key.empty() || std::count_if(tags.begin(), tags.end(), [&tag](const Tag& other) {
                                return other.key == tag.key;
                              }) > 1;
  };
  if (std::any_of(tags.begin(), tags.end(), is_bad)) {
    throw InvalidArgumentError(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
        "without tag name duplicates.",
        "x-amz-tagging", header);
  }
  Check(tags, kMaxObjectTags);
  return tags;
}

XmlDocument TaggingDocument(const std::vector<Tag>& tags) {
  XmlDocument document("Tagging");
  XmlNode set = document.root().AddElement("TagSet");
  for (const Tag& tag : tags) {
    XmlNode node = set.AddElement("Tag");
    node.Add("Key", tag.key);
    node.Add("Value", tag.value);
  }
  return document;
}

}  // namespace mkv::s3
