// The XML of S3's bodies, over pugixml: building the documents of answers, and taking apart those
// of requests, which are anybody's bytes.
//
// What XML 1.0 can not carry. An S3 key is UTF-8 without NUL (keys.h), so three kinds of characters
// in it are a matter: `&<>` are escaped; control characters go out as references (`&#x1;`), which
// is what S3 does, though XML 1.0 parsers refuse all but CR's, and is why clients ask for
// encoding-type=url; U+FFFE and U+FFFF go out as they are, as S3 does. Text from elsewhere that is
// no UTF-8 (a path, a header quoted in an error) has its bad bytes replaced by U+FFFD, NUL among
// them.
//
// A document belongs to one thread.
#ifndef S3API_PROTOCOL_XML_H_
#define S3API_PROTOCOL_XML_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mkv::s3 {

inline constexpr char kS3Namespace[] = "http://s3.amazonaws.com/doc/2006-03-01/";

// An element of a document being built; valid as long as that.
class XmlNode {
 public:
  explicit XmlNode(pugi::xml_node node) : node_(node) {}

  // A child with text in it; none of it: an empty element.
  void Add(const char* name, std::string_view text);
  // The same without the check for bytes that XML can not carry: for text that is known to be
  // UTF-8.
  void AddUtf8(const char* name, std::string_view text);
  // The text of this very element.
  void SetText(std::string_view text);
  void AddNumber(const char* name, std::uint64_t number);
  void AddBool(const char* name, bool value);
  XmlNode AddElement(const char* name) { return XmlNode(node_.append_child(name)); }
  // What is XML already, made with AppendElement(): a node for each element costs many times the
  // writing itself, which matters where there are thousands.
  void AddMarkup(std::string_view markup);
  // `value` needs no escaping.
  void Attribute(const char* name, const char* value) {
    node_.append_attribute(name).set_value(value);
  }

 private:
  pugi::xml_node node_;
};

class XmlDocument {
 public:
  enum class Namespace { kS3, kNone };

  explicit XmlDocument(const char* root, Namespace name_space = Namespace::kS3);

  XmlNode root() const { return XmlNode(document_.document_element()); }
  // With the XML declaration, without line breaks after it. `expected_bytes` saves reallocation.
  std::string Text(std::size_t expected_bytes = 0) const;

 private:
  pugi::xml_document document_;
};

inline constexpr std::string_view kXmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

// `<name>text</name>`; `text` is UTF-8.
void AppendElement(std::string_view name, std::string_view text, std::string& markup);

// `text` with U+FFFD in place of NUL and of what is no UTF-8.
std::string ReplaceInvalidUtf8(std::string_view text);

struct XmlLimits {
  std::size_t max_bytes = 1 << 20;
  int max_depth = 16;
  // How often `<` and the beginning of an attribute's value (`="`, `='`) may be in it. The tree
  // needs up to 128 bytes for each, an element and the text after it: of `<a/>x` 25 times the body.
  std::size_t max_markup = 8192;
};

// An element of a request's body.
class XmlBodyElement {
 public:
  explicit XmlBodyElement(pugi::xml_node node) : node_(node) {}

  // Without the namespace prefix that some clients write.
  std::string_view name() const;
  // Character data, white space included. Throws MalformedXML when there are elements in it.
  std::string Text() const;

  // Elements in it, in order; those of that name.
  std::vector<XmlBodyElement> Children() const;
  std::vector<XmlBodyElement> Children(std::string_view name) const;
  // nullopt when there is none; MalformedXML when there are several.
  std::optional<XmlBodyElement> Child(std::string_view name) const;
  std::optional<std::string> ChildText(std::string_view name) const;
  // Throws MalformedXML when there is not exactly one.
  std::string RequiredText(std::string_view name) const;
  std::optional<std::string> Attribute(std::string_view name) const;

 private:
  pugi::xml_node node_;
};

// A request's body as XML. Throws S3Error: MalformedXML for what is no well-formed UTF-8 document
// of that root element, for a DTD, an entity other than XML's own five, too deep a nesting, and too
// much markup, of which no tree is made; MaxMessageLengthExceeded for too long a body;
// MissingRequestBodyError for an empty one.
class XmlBody {
 public:
  XmlBody(std::string_view body, std::string_view root, const XmlLimits& limits = {});

  XmlBodyElement root() const { return XmlBodyElement(document_.document_element()); }

 private:
  pugi::xml_document document_;
};

// For texts inside a body. Both throw MalformedXML.
std::uint64_t ParseXmlNumber(std::string_view text);
bool ParseXmlBool(std::string_view text);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_XML_H_
