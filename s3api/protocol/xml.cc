#include "s3api/protocol/xml.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "s3api/protocol/error.h"
#include "s3api/protocol/keys.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// pugixml would write a CR as it is, which parsers read as LF, so the texts of documents hold what
// is to be written (format_no_escapes).
// A table, since every byte of every listing is looked up in it.
constexpr std::array<bool, 256> kNeedsEscape = [] {
  std::array<bool, 256> table{};
  for (unsigned char c = 0; c < ' '; ++c) table[c] = c != '\t' && c != '\n';
  for (const unsigned char c : {'&', '<', '>'}) table[c] = true;
  return table;
}();

bool NeedsEscape(char c) { return kNeedsEscape[static_cast<unsigned char>(c)]; }

void AppendEscaped(std::string_view text, std::string& escaped) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (std::none_of(text.begin(), text.end(), NeedsEscape)) {
    escaped += text;
    return;
  }
  for (const char c : text) {
    if (!NeedsEscape(c)) {
      escaped += c;
    } else if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += "&#x";
      if (c >= 0x10) escaped += '1';
      escaped += kDigits[static_cast<unsigned char>(c) & 15];
      escaped += ';';
    }
  }
}

class StringWriter : public pugi::xml_writer {
 public:
  explicit StringWriter(std::string& text) : text_(text) {}
  void write(const void* data, std::size_t size) override {
    text_.append(static_cast<const char*>(data), size);
  }

 private:
  std::string& text_;
};

[[noreturn]] void ThrowMalformedXml() { throw S3Error(ErrorCode::kMalformedXml); }

// A character reference that stands for a character of XML 1.1, which has control characters: keys
// may hold them, and clients write them so.
bool IsCharacterReference(std::string_view name) {
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  int base = 10;
  if (name.starts_with('x')) {
    name.remove_prefix(1);
    base = 16;
  }
  std::uint32_t character = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), character, base);
  return error == std::errc() && end == name.data() + name.size() && character != 0 &&
         character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
}

bool IsKnownReference(std::string_view name) {
  return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos" ||
         IsCharacterReference(name);
}

// In texts, comments and values as well: nothing that pugixml reads otherwise than this can hide
// any.
std::size_t CountMarkup(std::string_view body) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  auto count = static_cast<std::size_t>(std::count(body.begin(), body.end(), '<'));
  for (std::size_t at = body.find('='); at != std::string_view::npos; at = body.find('=', at)) {
    at = body.find_first_not_of(kWhiteSpace, at + 1);
    if (at != std::string_view::npos && (body[at] == '"' || body[at] == '\'')) ++count;
  }
  return count;
}

// pugixml takes an entity that it does not know for text, and a reference to NUL for the end of it.
bool HasOnlyKnownReferences(std::string_view body) {
  constexpr std::string_view kCdata = "<![CDATA[";
  constexpr std::string_view kComment = "<!--";
  constexpr std::size_t kLongestReference = 12;
  std::size_t position = 0;
  while ((position = body.find_first_of("&<", position)) != std::string_view::npos) {
    const std::string_view rest = body.substr(position);
    std::size_t end = 0;
    if (rest.starts_with(kCdata)) {
      end = rest.find("]]>");
    } else if (rest.starts_with(kComment)) {
      end = rest.find("-->");
    } else if (rest.front() == '&') {
      end = rest.substr(0, kLongestReference).find(';');
      if (end == std::string_view::npos || !IsKnownReference(rest.substr(1, end - 1))) return false;
    }
    if (end == std::string_view::npos) return false;
    position += end + 1;
  }
  return true;
}

class DepthCheck : public pugi::xml_tree_walker {
 public:
  explicit DepthCheck(int max_depth) : max_depth_(max_depth) {}
  bool for_each(pugi::xml_node& node) override {
    return depth() < max_depth_ && node.type() != pugi::node_doctype;
  }

 private:
  int max_depth_;
};

std::string_view LocalName(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace

void XmlNode::Add(const char* name, std::string_view text) {
  if (IsUtf8(text) && text.find('\0') == std::string_view::npos) {
    AddUtf8(name, text);
  } else {
    AddUtf8(name, ReplaceInvalidUtf8(text));
  }
}

void XmlNode::AddUtf8(const char* name, std::string_view text) {
  pugi::xml_node child = node_.append_child(name);
  if (text.empty()) return;
  pugi::xml_node content = child.append_child(pugi::node_pcdata);
  std::string escaped;
  AppendEscaped(text, escaped);
  content.set_value(escaped.data(), escaped.size());
}

void XmlNode::AddMarkup(std::string_view markup) {
  if (markup.empty()) return;
  node_.append_child(pugi::node_pcdata).set_value(markup.data(), markup.size());
}

void XmlNode::SetText(std::string_view text) {
  node_.append_child(pugi::node_pcdata).set_value(ReplaceInvalidUtf8(text).c_str());
}

void XmlNode::AddNumber(const char* name, std::uint64_t number) {
  std::array<char, 20> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  AddUtf8(name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void XmlNode::AddBool(const char* name, bool value) { AddUtf8(name, value ? "true" : "false"); }

XmlDocument::XmlDocument(const char* root, Namespace name_space) {
  pugi::xml_node node = document_.append_child(root);
  if (name_space == Namespace::kS3) node.append_attribute("xmlns").set_value(kS3Namespace);
}

std::string XmlDocument::Text(std::size_t expected_bytes) const {
  std::string text;
  text.reserve(expected_bytes);
  text = kXmlDeclaration;
  StringWriter writer(text);
  constexpr unsigned kFlags =
      pugi::format_raw | pugi::format_no_declaration | pugi::format_no_escapes;
  document_.save(writer, "", kFlags, pugi::encoding_utf8);
  return text;
}

void AppendElement(std::string_view name, std::string_view text, std::string& markup) {
  markup.append(1, '<').append(name).append(1, '>');
  AppendEscaped(text, markup);
  markup.append("</").append(name).append(1, '>');
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size() + kReplacementCharacter.size());
  while (!text.empty()) {
    const std::size_t length = std::min(Utf8PrefixLength(text), text.find('\0'));
    valid.append(text.substr(0, length));
    if (length == text.size()) break;
    valid.append(kReplacementCharacter);
    text.remove_prefix(length + 1);
  }
  return valid;
}

std::string_view XmlBodyElement::name() const { return LocalName(node_.name()); }

std::string XmlBodyElement::Text() const {
  std::string text;
  for (const pugi::xml_node child : node_.children()) {
    if (child.type() == pugi::node_element) ThrowMalformedXml();
    text += child.value();
  }
  return text;
}

std::vector<XmlBodyElement> XmlBodyElement::Children() const {
  std::vector<XmlBodyElement> children;
  for (const pugi::xml_node child : node_.children()) {
    if (child.type() == pugi::node_element) children.emplace_back(child);
  }
  return children;
}

std::vector<XmlBodyElement> XmlBodyElement::Children(std::string_view name) const {
  std::vector<XmlBodyElement> children = Children();
  std::erase_if(children, [name](const XmlBodyElement& child) { return child.name() != name; });
  return children;
}

std::optional<XmlBodyElement> XmlBodyElement::Child(std::string_view name) const {
  std::optional<XmlBodyElement> found;
  for (const pugi::xml_node child : node_.children()) {
    if (child.type() != pugi::node_element || LocalName(child.name()) != name) continue;
    if (found) ThrowMalformedXml();
    found.emplace(child);
  }
  return found;
}

std::optional<std::string> XmlBodyElement::ChildText(std::string_view name) const {
  const std::optional<XmlBodyElement> child = Child(name);
  return child ? std::optional(child->Text()) : std::nullopt;
}

std::string XmlBodyElement::RequiredText(std::string_view name) const {
  std::optional<std::string> text = ChildText(name);
  if (!text) ThrowMalformedXml();
  return *std::move(text);
}

std::optional<std::string> XmlBodyElement::Attribute(std::string_view name) const {
  for (const pugi::xml_attribute attribute : node_.attributes()) {
    if (LocalName(attribute.name()) == name) return attribute.value();
  }
  return std::nullopt;
}

XmlBody::XmlBody(std::string_view body, std::string_view root, const XmlLimits& limits) {
  if (body.empty()) throw S3Error(ErrorCode::kMissingRequestBody);
  if (body.size() > limits.max_bytes) {
    throw S3Error(ErrorCode::kMaxMessageLengthExceeded)
        .With("MaxMessageLengthBytes", std::to_string(limits.max_bytes));
  }
  if (CountMarkup(body) > limits.max_markup || body.find('\0') != std::string_view::npos ||
      !IsUtf8(body) || !HasOnlyKnownReferences(body)) {
    ThrowMalformedXml();
  }
  // parse_doctype: so that a DTD is seen, and refused. A text of white space alone may be a key.
  constexpr unsigned kFlags =
      pugi::parse_default | pugi::parse_doctype | pugi::parse_ws_pcdata_single;
  if (!document_.load_buffer(body.data(), body.size(), kFlags, pugi::encoding_utf8)) {
    ThrowMalformedXml();
  }
  DepthCheck depth(limits.max_depth);
  if (!document_.traverse(depth)) ThrowMalformedXml();
  const auto elements =
      std::count_if(document_.children().begin(), document_.children().end(),
                    [](const pugi::xml_node& node) { return node.type() == pugi::node_element; });
  if (elements != 1 || XmlBody::root().name() != root) ThrowMalformedXml();
}

std::uint64_t ParseXmlNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) ThrowMalformedXml();
  return number;
}

bool ParseXmlBool(std::string_view text) {
  if (text == "true" || text == "TRUE" || text == "True" || text == "1") return true;
  if (text == "false" || text == "FALSE" || text == "False" || text == "0") return false;
  ThrowMalformedXml();
}

}  // namespace mkv::s3
