#include "mkvcore/volumes/md5_stream.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

// Since OpenSSL 3.0, which has nothing in its place: EVP keeps its state to itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace mkv {
namespace {

std::string_view TakeFirst(std::string_view& bytes, std::size_t count) {
  const std::string_view first = bytes.substr(0, count);
  bytes.remove_prefix(first.size());
  return first;
}

}  // namespace

Md5Stream::Md5Stream() : context_{} { MD5_Init(&context_); }

void Md5Stream::Update(std::string_view bytes) {
  MD5_Update(&context_, bytes.data(), bytes.size());
}

void Md5Stream::UpdateTogether(std::span<const Piece> pieces) {
  if (pieces.size() > kMostTogether) throw std::invalid_argument("too many values for one MD5");
  std::array<Piece, kMostTogether> left{};
  std::size_t count = 0;
  for (const Piece& piece : pieces) {
    Piece& rest = left[count++] = piece;
    // To where a block begins.
    if (const std::size_t begun = rest.stream->context_.num; begun > 0) {
      rest.stream->Update(TakeFirst(rest.bytes, kMd5Block - begun));
    }
  }
  const auto end = left.begin() + static_cast<std::ptrdiff_t>(count);
  while (true) {
    // Those with whole blocks in front, as many of these as all of them have.
    const auto shorter = std::partition(
        left.begin(), end, [](const Piece& piece) { return piece.bytes.size() >= kMd5Block; });
    if (shorter - left.begin() < static_cast<std::ptrdiff_t>(Md5LanesWorthwhile())) break;
    const std::size_t blocks = std::min_element(left.begin(), shorter,
                                                [](const Piece& a, const Piece& b) {
                                                  return a.bytes.size() < b.bytes.size();
                                                })
                                   ->bytes.size() /
                               kMd5Block;
    std::array<Md5Lane, kMd5Lanes> lanes{};
    for (std::size_t i = 0; i < kMd5Lanes; ++i) {
      // A lane that nobody needs does what the first does, for nothing.
      const Piece& piece = left.begin() + i < shorter ? left[i] : left[0];
      const MD5_CTX& context = piece.stream->context_;
      lanes[i] = {{context.A, context.B, context.C, context.D},
                  reinterpret_cast<const unsigned char*>(piece.bytes.data())};
    }
    HashMd5Blocks(lanes, blocks);
    for (auto piece = left.begin(); piece != shorter; ++piece) {
      MD5_CTX& context = piece->stream->context_;
      const auto& state = lanes[static_cast<std::size_t>(piece - left.begin())].state;
      context.A = state[0];
      context.B = state[1];
      context.C = state[2];
      context.D = state[3];
      piece->stream->SkipWholeBlocks(TakeFirst(piece->bytes, blocks * kMd5Block).size());
    }
  }
  for (auto piece = left.begin(); piece != end; ++piece) piece->stream->Update(piece->bytes);
}

// The length in bits, of which MD5_Final() makes the last block: Nl its lower 32, Nh its upper
// ones.
void Md5Stream::SkipWholeBlocks(std::size_t bytes) {
  const std::uint64_t bits =
      ((std::uint64_t{context_.Nh} << 32) | context_.Nl) + 8 * std::uint64_t{bytes};
  context_.Nl = static_cast<MD5_LONG>(bits);
  context_.Nh = static_cast<MD5_LONG>(bits >> 32);
}

std::array<unsigned char, 16> Md5Stream::Finish() {
  std::array<unsigned char, 16> digest{};
  MD5_Final(digest.data(), &context_);
  return digest;
}

}  // namespace mkv

#pragma GCC diagnostic pop
