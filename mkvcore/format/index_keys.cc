#include "mkvcore/format/index_keys.h"

#include <fmt/format.h>

#include <charconv>

namespace mkv {

namespace {

constexpr std::size_t kBatchDigits = 16;

}  // namespace

std::string GarbageKey(std::string_view key, std::uint64_t batch) {
  return fmt::format("{}{}.{:016x}", kGarbagePrefix, key, batch);
}

std::optional<GarbageKeyParts> ParseGarbageKey(std::string_view index_key) {
  if (index_key.size() < kGarbagePrefix.size() + 1 + kBatchDigits) return std::nullopt;
  const std::size_t dot = index_key.size() - kBatchDigits - 1;
  if (!index_key.starts_with(kGarbagePrefix) || index_key[dot] != '.') return std::nullopt;
  const std::string_view digits = index_key.substr(dot + 1);
  GarbageKeyParts parts;
  parts.key = index_key.substr(kGarbagePrefix.size(), dot - kGarbagePrefix.size());
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parts.batch, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return parts;
}

}  // namespace mkv
