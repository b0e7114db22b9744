#include "mkvcore/volumes/value_hasher.h"

#include <isa-l/crc.h>

#include <limits>
#include <stdexcept>

namespace mkv {

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
  if (md5) md5_.emplace();
}

void ValueHasher::Update(std::string_view bytes) {
  UpdateWithoutMd5(bytes);
  if (md5_) md5_->Update(bytes);
}

void ValueHasher::UpdateTogether(std::span<const Piece> pieces) {
  if (pieces.size() > kMostTogether) throw std::invalid_argument("too many values to hash at once");
  std::array<Md5Stream::Piece, kMostTogether> for_md5{};
  std::size_t count = 0;
  for (const Piece& piece : pieces) {
    piece.hasher->UpdateWithoutMd5(piece.bytes);
    if (piece.hasher->md5_) for_md5[count++] = {&*piece.hasher->md5_, piece.bytes};
  }
  Md5Stream::UpdateTogether(std::span(for_md5).first(count));
}

void ValueHasher::UpdateWithoutMd5(std::string_view bytes) {
  size_ += bytes.size();
  crc32c_ = Crc32c(bytes, crc32c_);
}

std::optional<std::array<unsigned char, 16>> ValueHasher::TakeMd5() {
  if (!md5_) return std::nullopt;
  return md5_->Finish();
}

}  // namespace mkv
