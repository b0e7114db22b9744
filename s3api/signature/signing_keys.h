// SigV4's signing keys, which hold for one access key, day and region: four HMACs saved on every
// request but the first.
//
// Thread-safe. Bounded: the least recently used key makes room.
#ifndef S3API_SIGNATURE_SIGNING_KEYS_H_
#define S3API_SIGNATURE_SIGNING_KEYS_H_

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mkv::s3 {

// HMAC over the secret, the date (YYYYMMDD), the region, the service and `aws4_request`.
std::string DeriveSigningKey(std::string_view secret, std::string_view date,
                             std::string_view region, std::string_view service);

class SigningKeys {
 public:
  explicit SigningKeys(std::size_t capacity) : capacity_(capacity) {}

  // nullopt when it is not kept, or was derived from another secret: credentials can be reloaded.
  std::optional<std::string> Find(std::string_view access_key, std::string_view secret,
                                  std::string_view date, std::string_view region);
  // To be called once a signature has proved right, or anyone could flush the cache.
  void Keep(std::string_view access_key, std::string_view secret, std::string_view date,
            std::string_view region, std::string_view signing_key);

 private:
  struct Entry {
    std::string scope;
    std::string secret;
    std::string signing_key;
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the most recently used first
  // Views into the scopes of entries_, whose nodes never move.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_scope_;
};

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_SIGNING_KEYS_H_
