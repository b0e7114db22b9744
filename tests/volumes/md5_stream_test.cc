#include "mkvcore/volumes/md5_stream.h"

#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/format/md5.h"

namespace mkv {
namespace {

std::string RandomText(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::string Hex(const std::array<unsigned char, 16>& digest) {
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

TEST(Md5Stream, AgreesWithTheVectorsOfTheRfc) {  // RFC 1321, A.5
  const auto hex = [](std::string_view text) {
    Md5Stream stream;
    stream.Update(text);
    return Hex(stream.Finish());
  };
  EXPECT_EQ(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

// Whatever is hashed together, in pieces of whatever length, each is what it is by itself.
TEST(Md5Stream, OfSeveralAtOnceIsThatOfEach) {
  std::mt19937 random(5);
  for (std::size_t count = 0; count <= Md5Stream::kMostTogether; ++count) {
    for (int round = 0; round < 50; ++round) {
      std::vector<Md5Stream> streams(count);
      std::vector<std::string> values(count);
      for (int pieces = 0; pieces < 4; ++pieces) {
        std::vector<std::string> texts;
        std::vector<Md5Stream::Piece> together;
        for (std::size_t i = 0; i < count; ++i) {
          // Blocks, less and more than these, and nothing.
          static constexpr std::size_t kSizes[] = {0, 1, 63, 64, 65, 640, 4096, 5000};
          texts.push_back(RandomText(random, kSizes[random() % std::size(kSizes)]));
          values[i] += texts.back();
        }
        for (std::size_t i = 0; i < count; ++i) together.push_back({&streams[i], texts[i]});
        std::shuffle(together.begin(), together.end(), random);
        Md5Stream::UpdateTogether(together);
      }
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(streams[i].Finish(), Md5(values[i])) << i << " of " << count;
      }
    }
  }
}

// The length is a part of what is hashed: the count of bits has a second word from 512 MiB on.
TEST(Md5Stream, CountsWhatIsHashedInLanes) {
  const std::string piece(std::size_t{64} << 20, 'x');
  std::vector<Md5Stream> streams(3);
  std::vector<Md5Stream::Piece> pieces;
  for (Md5Stream& stream : streams) pieces.push_back({&stream, piece});
  for (int i = 0; i < 9; ++i) Md5Stream::UpdateTogether(pieces);
  for (Md5Stream& stream : streams) {  // head -c 603979776 /dev/zero | tr '\0' x | md5sum
    EXPECT_EQ(Hex(stream.Finish()), "7caaf20dcfe61dc5f0446d592e4cb4ee");
  }
}

TEST(Md5Stream, RefusesMoreThanThereAreLanes) {
  std::vector<Md5Stream> streams(Md5Stream::kMostTogether + 1);
  std::vector<Md5Stream::Piece> pieces;
  for (Md5Stream& stream : streams) pieces.push_back({&stream, "x"});
  EXPECT_THROW(Md5Stream::UpdateTogether(pieces), std::invalid_argument);
}

}  // namespace
}  // namespace mkv
