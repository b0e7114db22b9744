#include "mkvcore/native/go_json.h"

#include <Poco/UTF8Encoding.h>

#include <cstddef>

namespace mkv {

namespace {

void AppendEscapedByte(unsigned char byte, std::string* json) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (byte) {
    case '"':
    case '\\':
      json->push_back('\\');
      json->push_back(static_cast<char>(byte));
      return;
    case '\n':
      json->append("\\n");
      return;
    case '\r':
      json->append("\\r");
      return;
    case '\t':
      json->append("\\t");
      return;
    default:
      json->append("\\u00");
      json->push_back(kDigits[byte >> 4]);
      json->push_back(kDigits[byte & 15]);
  }
}

bool NeedsEscape(unsigned char byte) {
  return byte < 0x20 || byte == '"' || byte == '\\' || byte == '<' || byte == '>' || byte == '&';
}

// The length of the UTF-8 sequence that `text` begins with, 0 if it is none.
std::size_t SequenceLength(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const Poco::UTF8Encoding utf8;
  for (std::size_t length = 2; length <= 4 && length <= text.size(); ++length) {
    if (Poco::UTF8Encoding::isLegal(bytes, static_cast<int>(length)) &&
        utf8.sequenceLength(bytes, 1) == static_cast<int>(length)) {
      return length;
    }
  }
  return 0;
}

}  // namespace

void AppendGoJsonString(std::string_view text, std::string* json) {
  json->push_back('"');
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (byte < 0x80) {
      if (NeedsEscape(byte)) {
        AppendEscapedByte(byte, json);
      } else {
        json->push_back(text.front());
      }
    } else if (length = SequenceLength(text); length == 0) {
      json->append("\\ufffd");
      length = 1;
    } else if (text.starts_with("\u2028")) {
      json->append("\\u2028");
    } else if (text.starts_with("\u2029")) {
      json->append("\\u2029");
    } else {
      json->append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  json->push_back('"');
}

}  // namespace mkv
