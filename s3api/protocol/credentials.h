// Who may do what: the access keys of the gateway.
//
// From a file (-credentials), a JSON array of
//   {"user": "alice", "access_key": "...", "secret_key": "...",
//    "access": "admin" | "read-write" | "read-only", "buckets": ["team-*"]}
// and from MKV_ACCESS_KEY and MKV_SECRET_KEY, which make one admin, whose user is his access key.
//
// A bucket belongs to the user who made it. Others reach it by a pattern in their `buckets` ('*'
// any characters, '?' one). Without `buckets` a key reaches every bucket; with an empty list none
// but its user's own. Several keys may have one user.
#ifndef S3API_PROTOCOL_CREDENTIALS_H_
#define S3API_PROTOCOL_CREDENTIALS_H_

#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "s3api/protocol/operation.h"

namespace mkv::s3 {

// The message is for people, and never holds a secret.
class CredentialsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Access { kReadOnly, kReadWrite, kAdmin };

struct Principal {
  std::string user;
  std::string access_key;
  std::string secret_key;
  Access access = Access::kReadOnly;
  std::optional<std::vector<std::string>> buckets;  // patterns; nullopt: every bucket

  // May reach keys outside any bucket, too.
  bool unrestricted() const { return access == Access::kAdmin || !buckets; }
  bool ReachesByPattern(std::string_view bucket) const;
};

// Whether `principal` may do that to a bucket of `owner` (nullopt: it has none, or is not there
// yet), an ACL aside. An admin may do all. Who is read-only may only read. Read and write need
// ownership or reach by pattern; so does making a bucket, which has no owner yet. What belongs to
// the owner (kAdmin) needs ownership: a pattern lets others in, but does not let them open the
// bucket to all.
bool Allows(const Principal& principal, std::string_view bucket, Action action,
            std::optional<std::string_view> owner);

// '*' any characters, '?' one; everything else itself.
bool MatchesPattern(std::string_view text, std::string_view pattern);

// A set of access keys. Immutable; thread-safe.
class Credentials {
 public:
  Credentials() = default;
  // Throws CredentialsError when two have the same access key.
  explicit Credentials(std::vector<Principal> principals);
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  // `text` is the content of a file; `origin` names it in messages.
  static std::vector<Principal> Parse(const std::string& text, const std::string& origin);
  // Refuses a file that anybody but its owner can read or write (its mode must be 0600 or less).
  static std::vector<Principal> ReadFile(const std::string& path);
  // nullopt when neither variable is set; throws when one of them is missing.
  static std::optional<Principal> FromEnvironment();

  bool empty() const { return by_access_key_.empty(); }
  // nullptr when there is no such key. Lives as long as the set.
  const Principal* Find(std::string_view access_key) const;

 private:
  std::vector<Principal> principals_;
  // Views into principals_, which never changes.
  std::unordered_map<std::string_view, const Principal*> by_access_key_;
};

// The set in use, replaced as a whole when it is read again (SIGHUP). Thread-safe.
class CurrentCredentials {
 public:
  // `path` empty: from the environment alone. Throws CredentialsError.
  explicit CurrentCredentials(std::string path);

  std::shared_ptr<const Credentials> Get() const;
  // Throws CredentialsError, and then keeps what there was.
  void Reload();

 private:
  const std::string path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Credentials> credentials_;
};

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_CREDENTIALS_H_
