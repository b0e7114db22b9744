#include "s3api/protocol/credentials.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "mkvcore/secrets/private_file.h"

namespace mkv::s3 {
namespace {

constexpr char kAccessKeyVariable[] = "MKV_ACCESS_KEY";
constexpr char kSecretKeyVariable[] = "MKV_SECRET_KEY";

// One object of the array. `where` names it in messages: `FILE: entry 2`.
class CredentialReader {
 public:
  CredentialReader(const nlohmann::json& entry, std::string where)
      : entry_(entry), where_(std::move(where)) {
    if (!entry.is_object()) Throw("is no object");
  }

  Principal Read() const {
    constexpr std::array<std::string_view, 5> kFields = {"user", "access_key", "secret_key",
                                                         "access", "buckets"};
    for (const auto& [name, value] : entry_.items()) {
      if (std::find(kFields.begin(), kFields.end(), name) == kFields.end()) {
        Throw("has a field that is not known: \"" + name + "\"");
      }
    }
    Principal principal;
    principal.user = Text("user");
    principal.access_key = Text("access_key");
    principal.secret_key = Text("secret_key");
    // A colon ends the user's name in HTTP Basic (RFC 7617 section 2), a comma or a space the
    // credential in an Authorization header.
    if (principal.access_key.find_first_of(":, \t\r\n") != std::string::npos) {
      Throw("has an access_key with a colon, a comma or white space in it");
    }
    principal.access = ReadAccess();
    principal.buckets = ReadBuckets();
    return principal;
  }

 private:
  [[noreturn]] void Throw(const std::string& what) const {
    throw CredentialsError(where_ + " " + what);
  }

  std::string Text(const char* name) const {
    const auto field = entry_.find(name);
    if (field == entry_.end()) Throw(std::string("lacks \"") + name + "\"");
    const bool is_text = field->is_string();
    if (!is_text || field->get_ref<const std::string&>().empty()) {
      Throw(std::string("has a \"") + name + "\" that is " + (is_text ? "empty" : "no text"));
    }
    return field->get<std::string>();
  }

  Access ReadAccess() const {
    const std::string access = Text("access");
    if (access == "admin") return Access::kAdmin;
    if (access == "read-write") return Access::kReadWrite;
    if (access == "read-only") return Access::kReadOnly;
    Throw("has an \"access\" that is neither \"admin\", \"read-write\" nor \"read-only\"");
  }

  std::optional<std::vector<std::string>> ReadBuckets() const {
    const auto field = entry_.find("buckets");
    if (field == entry_.end()) return std::nullopt;
    if (!field->is_array()) Throw("has \"buckets\" that are no array");
    std::vector<std::string> patterns;
    for (const nlohmann::json& pattern : *field) {
      if (!pattern.is_string()) Throw("has \"buckets\" that are no texts");
      patterns.push_back(pattern.get<std::string>());
    }
    return patterns;
  }

  const nlohmann::json& entry_;
  const std::string where_;
};

}  // namespace

bool MatchesPattern(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  // Where to go on when what follows the last '*' does not match: it takes one character more.
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool Principal::ReachesByPattern(std::string_view bucket) const {
  return !buckets || std::any_of(buckets->begin(), buckets->end(), [bucket](const auto& pattern) {
    return MatchesPattern(bucket, pattern);
  });
}

bool Allows(const Principal& principal, std::string_view bucket, Action action,
            std::optional<std::string_view> owner) {
  if (principal.access == Access::kAdmin) return true;
  if (principal.access == Access::kReadOnly && action != Action::kRead) return false;
  if (owner == principal.user) return true;
  return action != Action::kAdmin && principal.ReachesByPattern(bucket);
}

Credentials::Credentials(std::vector<Principal> principals) : principals_(std::move(principals)) {
  for (const Principal& principal : principals_) {
    if (!by_access_key_.try_emplace(principal.access_key, &principal).second) {
      throw CredentialsError("the access key " + principal.access_key + " is given twice");
    }
  }
}

std::vector<Principal> Credentials::Parse(const std::string& text, const std::string& origin) {
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    // Its own message quotes the text, which may be a secret.
    throw CredentialsError(origin + ": is no JSON from byte " + std::to_string(error.byte) + " on");
  }
  if (!document.is_array()) throw CredentialsError(origin + ": is no JSON array");
  std::vector<Principal> principals;
  for (const nlohmann::json& entry : document) {
    const std::string where = origin + ": entry " + std::to_string(principals.size() + 1);
    principals.push_back(CredentialReader(entry, where).Read());
  }
  return principals;
}

std::vector<Principal> Credentials::ReadFile(const std::string& path) {
  std::string text;
  try {
    text = ReadPrivateFile(path);
  } catch (const PrivateFileError& error) {
    throw CredentialsError(error.what());
  }
  return Parse(text, path);
}

std::optional<Principal> Credentials::FromEnvironment() {
  const char* access_key = std::getenv(kAccessKeyVariable);
  const char* secret_key = std::getenv(kSecretKeyVariable);
  const bool has_access_key = access_key != nullptr && *access_key != '\0';
  const bool has_secret_key = secret_key != nullptr && *secret_key != '\0';
  if (!has_access_key && !has_secret_key) return std::nullopt;
  if (!has_access_key || !has_secret_key) {
    throw CredentialsError(std::string(has_access_key ? kAccessKeyVariable : kSecretKeyVariable) +
                           " is set, but " +
                           (has_access_key ? kSecretKeyVariable : kAccessKeyVariable) + " is not");
  }
  return Principal{access_key, access_key, secret_key, Access::kAdmin, std::nullopt};
}

const Principal* Credentials::Find(std::string_view access_key) const {
  const auto found = by_access_key_.find(access_key);
  return found == by_access_key_.end() ? nullptr : found->second;
}

CurrentCredentials::CurrentCredentials(std::string path) : path_(std::move(path)) { Reload(); }

std::shared_ptr<const Credentials> CurrentCredentials::Get() const {
  const std::lock_guard lock(mutex_);
  return credentials_;
}

void CurrentCredentials::Reload() {
  std::vector<Principal> principals;
  if (!path_.empty()) principals = Credentials::ReadFile(path_);
  if (auto admin = Credentials::FromEnvironment()) principals.push_back(*std::move(admin));
  // Who takes the last key away wants nobody in, and not everybody.
  if (!path_.empty() && principals.empty()) {
    throw CredentialsError(path_ +
                           ": has no key, and without keys everyone may do everything: to " +
                           "want that, start without -credentials");
  }
  auto credentials = std::make_shared<const Credentials>(std::move(principals));
  const std::lock_guard lock(mutex_);
  credentials_ = std::move(credentials);
}

}  // namespace mkv::s3
