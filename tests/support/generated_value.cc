#include "tests/support/generated_value.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace mkv::testing {

struct ValueSum::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> md5{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

ValueSum::ValueSum() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->md5.get(), EVP_md5(), nullptr);
}

ValueSum::~ValueSum() = default;

void ValueSum::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_->md5.get(), bytes.data(), bytes.size());
  size_ += bytes.size();
}

std::string ValueSum::Md5() {
  std::array<unsigned char, 16> digest{};
  EVP_DigestFinal_ex(context_->md5.get(), digest.data(), nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string Md5Hex(std::string_view bytes) {
  ValueSum sum;
  sum.Add(bytes);
  return sum.Md5();
}

std::function<std::size_t(std::span<char>)> GeneratedValue::Producer() const {
  // splitmix64: eight bytes a step, each a function of the seed and the place.
  return [state = seed_, left = size_, word = std::array<char, 8>{},
          unread = std::size_t{0}](std::span<char> buffer) mutable {
    const std::size_t count = std::min<std::uint64_t>(left, buffer.size());
    for (std::size_t done = 0; done < count;) {
      if (unread == 0) {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        z ^= z >> 31;
        std::memcpy(word.data(), &z, word.size());
        unread = word.size();
      }
      const std::size_t piece = std::min(unread, count - done);
      std::memcpy(buffer.data() + done, word.data() + (word.size() - unread), piece);
      unread -= piece;
      done += piece;
    }
    left -= count;
    return count;
  };
}

std::string GeneratedValue::Bytes() const {
  std::string bytes(size_, '\0');
  Producer()(bytes);
  return bytes;
}

std::string GeneratedValue::Md5() const {
  ValueSum sum;
  auto producer = Producer();
  std::array<char, 1 << 16> buffer{};
  while (const std::size_t count = producer(buffer)) {
    sum.Add({buffer.data(), count});
  }
  return sum.Md5();
}

}  // namespace mkv::testing
