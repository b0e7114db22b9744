#include "s3api/signature/signing_keys.h"

#include "s3api/signature/hmac.h"

namespace mkv::s3 {
namespace {

// Dates have eight digits, so with the date first no two scopes read the same.
std::string Scope(std::string_view access_key, std::string_view date, std::string_view region) {
  std::string scope;
  scope.append(date).append(region).append(1, '\n').append(access_key);
  return scope;
}

}  // namespace

std::string DeriveSigningKey(std::string_view secret, std::string_view date,
                             std::string_view region, std::string_view service) {
  std::string key = HmacSha256(std::string("AWS4").append(secret), date);
  key = HmacSha256(key, region);
  key = HmacSha256(key, service);
  return HmacSha256(key, "aws4_request");
}

std::optional<std::string> SigningKeys::Find(std::string_view access_key, std::string_view secret,
                                             std::string_view date, std::string_view region) {
  const std::string scope = Scope(access_key, date, region);
  const std::lock_guard lock(mutex_);
  const auto found = by_scope_.find(scope);
  if (found == by_scope_.end()) return std::nullopt;
  const auto entry = found->second;
  if (!ConstantTimeEqual(entry->secret, secret)) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->signing_key;
}

void SigningKeys::Keep(std::string_view access_key, std::string_view secret, std::string_view date,
                       std::string_view region, std::string_view signing_key) {
  if (capacity_ == 0) return;
  std::string scope = Scope(access_key, date, region);
  const std::lock_guard lock(mutex_);
  if (const auto found = by_scope_.find(scope); found != by_scope_.end()) {
    const auto entry = found->second;
    by_scope_.erase(found);
    entries_.erase(entry);
  } else if (entries_.size() >= capacity_) {
    by_scope_.erase(entries_.back().scope);
    entries_.pop_back();
  }
  entries_.push_front({std::move(scope), std::string(secret), std::string(signing_key)});
  by_scope_.emplace(entries_.front().scope, entries_.begin());
}

}  // namespace mkv::s3
