#include "mkvcore/volumes/value_hasher.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace mkv {
namespace {

struct MdFree {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};

// Fetched once: a look-up of the algorithm for every value would cost more than hashing a small
// one.
const EVP_MD* Md5() {
  static const std::unique_ptr<EVP_MD, MdFree> md5(EVP_MD_fetch(nullptr, "MD5", nullptr));
  if (md5 == nullptr) throw std::runtime_error("OpenSSL offers no MD5");
  return md5.get();
}

}  // namespace

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before) {
  // ISA-L neither inverts the start value nor the result, and takes its length as an int.
  constexpr std::size_t kLongest = std::numeric_limits<int>::max();
  std::uint32_t state = ~before;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kLongest);
    // It only reads, though its signature is not const.
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));
    state = crc32_iscsi(data, static_cast<int>(piece.size()), state);
    bytes.remove_prefix(piece.size());
  }
  return ~state;
}

ValueHasher::ValueHasher(bool md5) {
  if (!md5) return;
  md5_.reset(EVP_MD_CTX_new());
  if (md5_ == nullptr || EVP_DigestInit_ex2(md5_.get(), Md5(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL can not start an MD5");
  }
}

void ValueHasher::Update(std::string_view bytes) {
  size_ += bytes.size();
  crc32c_ = Crc32c(bytes, crc32c_);
  if (md5_ != nullptr && EVP_DigestUpdate(md5_.get(), bytes.data(), bytes.size()) != 1) {
    throw std::runtime_error("OpenSSL can not go on with an MD5");
  }
}

std::optional<std::array<unsigned char, 16>> ValueHasher::TakeMd5() {
  if (md5_ == nullptr) return std::nullopt;
  std::array<unsigned char, 16> digest{};
  if (EVP_DigestFinal_ex(md5_.get(), digest.data(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL can not finish an MD5");
  }
  return digest;
}

}  // namespace mkv
