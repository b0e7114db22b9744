#include "s3api/protocol/acl.h"

#include <Poco/StringTokenizer.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "s3api/protocol/error.h"
#include "s3api/protocol/request_body.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kAllUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
constexpr std::string_view kAuthenticatedUsers =
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
constexpr std::array<std::pair<std::string_view, Acl>, 4> kNames = {
    {{"private", Acl::kPrivate},
     {"public-read", Acl::kPublicRead},
     {"public-read-write", Acl::kPublicReadWrite},
     {"authenticated-read", Acl::kAuthenticatedRead}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kGrantHeaders = {
    {{"x-amz-grant-full-control", "FULL_CONTROL"},
     {"x-amz-grant-read", "READ"},
     {"x-amz-grant-write", "WRITE"},
     {"x-amz-grant-read-acp", "READ_ACP"},
     {"x-amz-grant-write-acp", "WRITE_ACP"}}};

[[noreturn]] void ThrowOtherGrant() {
  throw S3Error(ErrorCode::kNotImplemented,
                "Grants other than those of the canned ACLs private, public-read, "
                "public-read-write and authenticated-read are not implemented.");
}

// Collects grants, to tell at the end which of the four they are.
class Grants {
 public:
  explicit Grants(std::string_view owner) : owner_(owner) {}

  void AddUser(std::string_view id, std::string_view permission) {
    CheckPermission(permission);
    if (id != owner_) ThrowOtherGrant();
  }
  void AddGroup(std::string_view uri, std::string_view permission) {
    CheckPermission(permission);
    if (uri == kAllUsers && permission == "READ") {
      all_read_ = true;
    } else if (uri == kAllUsers && permission == "WRITE") {
      all_write_ = true;
    } else if (uri == kAuthenticatedUsers && permission == "READ") {
      authenticated_read_ = true;
    } else if (uri == kAllUsers || uri == kAuthenticatedUsers ||
               uri == "http://acs.amazonaws.com/groups/s3/LogDelivery") {
      ThrowOtherGrant();
    } else {
      throw InvalidArgumentError("Invalid group uri", "uri", uri);
    }
  }

  Acl Amount() const {
    if (all_write_) {
      if (!all_read_) ThrowOtherGrant();
      return Acl::kPublicReadWrite;
    }
    if (all_read_) return Acl::kPublicRead;
    return authenticated_read_ ? Acl::kAuthenticatedRead : Acl::kPrivate;
  }

 private:
  static void CheckPermission(std::string_view permission) {
    const bool known =
        std::any_of(kGrantHeaders.begin(), kGrantHeaders.end(),
                    [permission](const auto& grant) { return grant.second == permission; });
    if (!known) throw S3Error(ErrorCode::kMalformedAcl);
  }

  const std::string_view owner_;
  bool all_read_ = false;
  bool all_write_ = false;
  bool authenticated_read_ = false;
};

// `id="user", uri="http://..."`.
void AddGrantees(std::string_view header, std::string_view permission, const std::string& value,
                 Grants& grants) {
  for (const std::string& grantee : Poco::StringTokenizer(
           value, ",", Poco::StringTokenizer::TOK_TRIM | Poco::StringTokenizer::TOK_IGNORE_EMPTY)) {
    const std::size_t equals = grantee.find('=');
    const std::string_view type = Trim(std::string_view(grantee).substr(0, equals));
    std::string_view name =
        equals == std::string::npos ? "" : Trim(std::string_view(grantee).substr(equals + 1));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
      name = name.substr(1, name.size() - 2);
    }
    if (EqualsIgnoringCase(type, "id")) {
      grants.AddUser(name, permission);
    } else if (EqualsIgnoringCase(type, "uri")) {
      grants.AddGroup(name, permission);
    } else if (EqualsIgnoringCase(type, "emailAddress")) {
      throw S3Error(ErrorCode::kUnresolvableGrantByEmailAddress);
    } else {
      throw InvalidArgumentError("Argument format not recognized", header, value);
    }
  }
}

Acl ParseCanned(std::string_view name) {
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [name](const auto& entry) { return entry.first == name; });
  if (found != kNames.end()) return found->second;
  if (name == "bucket-owner-read" || name == "bucket-owner-full-control") return Acl::kPrivate;
  if (name == "aws-exec-read" || name == "log-delivery-write") {
    throw S3Error(ErrorCode::kNotImplemented,
                  "The canned ACL " + std::string(name) + " is not implemented.");
  }
  throw InvalidArgumentError("", "x-amz-acl", name);
}

void AddGrant(XmlNode& list, const char* type, const char* id_element, std::string_view id,
              const char* permission, const std::string* display_name = nullptr) {
  XmlNode grant = list.AddElement("Grant");
  XmlNode grantee = grant.AddElement("Grantee");
  grantee.Attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
  grantee.Attribute("xsi:type", type);
  grantee.Add(id_element, id);
  if (display_name != nullptr) grantee.Add("DisplayName", *display_name);
  grant.Add("Permission", permission);
}

}  // namespace

std::string_view NameOf(Acl acl) {
  return std::find_if(kNames.begin(), kNames.end(),
                      [acl](const auto& entry) { return entry.second == acl; })
      ->first;
}

Acl AclNamed(std::string_view kept) {
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [kept](const auto& entry) { return entry.first == kept; });
  return found == kNames.end() ? Acl::kPrivate : found->second;
}

bool GrantsRead(Acl acl, bool is_authenticated) {
  switch (acl) {
    case Acl::kPublicRead:
    case Acl::kPublicReadWrite:
      return true;
    case Acl::kAuthenticatedRead:
      return is_authenticated;
    case Acl::kPrivate:
      return false;
  }
  return false;
}

bool GrantsWrite(Acl acl) { return acl == Acl::kPublicReadWrite; }

std::optional<Acl> AclOfHeaders(const http::RequestHead& head, std::string_view owner) {
  std::optional<Acl> canned;
  if (head.headers.has("x-amz-acl")) canned = ParseCanned(Trim(head.headers.get("x-amz-acl")));
  Grants grants(owner);
  bool granted = false;
  for (const auto& [name, permission] : kGrantHeaders) {
    const std::string header(name);
    if (!head.headers.has(header)) continue;
    AddGrantees(name, permission, head.headers.get(header), grants);
    granted = true;
  }
  if (canned && granted) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "Specifying both Canned ACLs and Header Grants is not allowed");
  }
  return granted ? grants.Amount() : canned;
}

Acl ParseAccessControlPolicy(std::string_view body, std::string_view owner) {
  try {
    const XmlBody document(body, "AccessControlPolicy", {.max_bytes = kMaxSmallBody});
    const std::optional<XmlBodyElement> list = document.root().Child("AccessControlList");
    if (!list) throw S3Error(ErrorCode::kMalformedAcl);
    Grants grants(owner);
    for (const XmlBodyElement& grant : list->Children("Grant")) {
      const std::optional<XmlBodyElement> grantee = grant.Child("Grantee");
      if (!grantee) throw S3Error(ErrorCode::kMalformedAcl);
      const std::string permission = grant.RequiredText("Permission");
      const std::string type = grantee->Attribute("type").value_or("");
      if (type == "CanonicalUser") {
        grants.AddUser(grantee->RequiredText("ID"), permission);
      } else if (type == "Group") {
        grants.AddGroup(grantee->RequiredText("URI"), permission);
      } else if (type == "AmazonCustomerByEmail") {
        throw S3Error(ErrorCode::kUnresolvableGrantByEmailAddress);
      } else {
        throw S3Error(ErrorCode::kMalformedAcl);
      }
    }
    return grants.Amount();
  } catch (const S3Error& error) {
    if (error.Is(ErrorCode::kMalformedXml)) throw S3Error(ErrorCode::kMalformedAcl);
    throw;
  }
}

XmlDocument AccessControlPolicyDocument(Acl acl, const Owner& owner) {
  XmlDocument document("AccessControlPolicy");
  XmlNode node = document.root().AddElement("Owner");
  node.Add("ID", owner.id);
  node.Add("DisplayName", owner.display_name);
  XmlNode list = document.root().AddElement("AccessControlList");
  AddGrant(list, "CanonicalUser", "ID", owner.id, "FULL_CONTROL", &owner.display_name);
  if (acl == Acl::kPublicRead || acl == Acl::kPublicReadWrite) {
    AddGrant(list, "Group", "URI", kAllUsers, "READ");
  }
  if (acl == Acl::kPublicReadWrite) AddGrant(list, "Group", "URI", kAllUsers, "WRITE");
  if (acl == Acl::kAuthenticatedRead) AddGrant(list, "Group", "URI", kAuthenticatedUsers, "READ");
  return document;
}

}  // namespace mkv::s3
