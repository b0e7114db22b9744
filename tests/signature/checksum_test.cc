#include "s3api/checksum/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "s3api/checksum/crc_combine.h"
#include "s3api/checksum/digest_text.h"

namespace mkv::s3 {
namespace {

std::string RandomBytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(Checksum, OfTheDigitsIsWhatTheCatalogueSays) {
  const std::string_view digits = "123456789";
  const auto hex = [&](ChecksumAlgorithm algorithm) {
    return Hex(ComputeChecksum(algorithm, digits).value);
  };
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc32), "cbf43926");
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc32c), "e3069283");
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc64Nvme), "ae8b14860a799888");
  EXPECT_EQ(hex(ChecksumAlgorithm::kSha1), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
  EXPECT_EQ(hex(ChecksumAlgorithm::kSha256),
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
}

TEST(Checksum, OfNothing) {
  EXPECT_EQ(Base64(ComputeChecksum(ChecksumAlgorithm::kCrc32, "").value), "AAAAAA==");
  EXPECT_EQ(Base64(ComputeChecksum(ChecksumAlgorithm::kCrc64Nvme, "").value), "AAAAAAAAAAA=");
}

TEST(Checksum, DoesNotDependOnHowTheBytesArrive) {
  const std::string bytes = RandomBytes(1000, 1);
  for (const ChecksumAlgorithm algorithm : kChecksumAlgorithms) {
    const ChecksumValue whole = ComputeChecksum(algorithm, bytes);
    EXPECT_EQ(whole.value.size(), ValueSize(algorithm));
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
      Checksum checksum(algorithm);
      checksum.Update(std::string_view(bytes).substr(0, split));
      checksum.Update(std::string_view(bytes).substr(split));
      ASSERT_EQ(checksum.Finish(), whole) << Name(algorithm) << " split at " << split;
      ASSERT_EQ(checksum.Finish(), ComputeChecksum(algorithm, ""));
    }
  }
}

TEST(CrcCombine, IsTheCrcOfTheWhole) {
  for (const ChecksumAlgorithm algorithm : kChecksumAlgorithms) {
    if (!IsCrc(algorithm)) continue;
    for (const std::size_t size_a : {0u, 1u, 7u, 4096u, 100003u}) {
      for (const std::size_t size_b : {0u, 1u, 8u, 65536u, 99991u}) {
        const std::string a = RandomBytes(size_a, 2);
        const std::string b = RandomBytes(size_b, 3);
        EXPECT_EQ(CombineCrc(algorithm, ComputeChecksum(algorithm, a).value,
                             ComputeChecksum(algorithm, b).value, size_b),
                  ComputeChecksum(algorithm, a + b).value)
            << Name(algorithm) << ' ' << size_a << ' ' << size_b;
      }
    }
  }
}

TEST(CrcCombine, TakesLengthsThatNoMemoryHolds) {
  // Zeros are cheap to append: (A + 2^40 zeros) + 2^40 zeros = A + 2^41 zeros.
  for (const ChecksumAlgorithm algorithm : kChecksumAlgorithms) {
    if (!IsCrc(algorithm)) continue;
    const auto zeros = [&](int log2_size) {
      std::string crc = ComputeChecksum(algorithm, std::string(1, '\0')).value;
      for (int i = 0; i < log2_size; ++i) crc = CombineCrc(algorithm, crc, crc, 1ULL << i);
      return crc;
    };
    const std::string a = ComputeChecksum(algorithm, "A").value;
    const std::string twice = CombineCrc(algorithm, CombineCrc(algorithm, a, zeros(40), 1ULL << 40),
                                         zeros(40), 1ULL << 40);
    EXPECT_EQ(twice, CombineCrc(algorithm, a, zeros(41), 1ULL << 41));
  }
}

TEST(CrcCombine, RefusesHashesAndWrongSizes) {
  const std::string sha1(20, 'x');
  EXPECT_THROW(CombineCrc(ChecksumAlgorithm::kSha1, sha1, sha1, 1), std::invalid_argument);
  EXPECT_THROW(CombineCrc(ChecksumAlgorithm::kCrc32, "abc", "abcd", 1), std::invalid_argument);
}

TEST(ChecksumAlgorithm, IsFoundByNameAndHeader) {
  for (const ChecksumAlgorithm algorithm : kChecksumAlgorithms) {
    EXPECT_EQ(AlgorithmNamed(Name(algorithm)), algorithm);
    EXPECT_EQ(AlgorithmOfHeader(HeaderName(algorithm)), algorithm);
  }
  EXPECT_EQ(AlgorithmOfHeader("X-Amz-Checksum-CRC64NVME"), ChecksumAlgorithm::kCrc64Nvme);
  EXPECT_EQ(AlgorithmNamed("CRC"), std::nullopt);
  EXPECT_EQ(AlgorithmNamed(""), std::nullopt);
  EXPECT_EQ(AlgorithmOfHeader("x-amz-checksum-type"), std::nullopt);
}

TEST(ParseChecksum, TakesExactlyWhatBase64Writes) {
  EXPECT_TRUE(ParseChecksum(ChecksumAlgorithm::kCrc32, "y/Q5Jg=="));
  for (const char* text : {"", "y/Q5Jg", "y/Q5Jg=", "y/Q5Jh==", "y_Q5Jg==", " y/Q5Jg==",
                           "y/Q5Jg==\n", "y/Q5JgAA", "AAAAAAAAAAA=", "====", "y/Q5===="}) {
    EXPECT_FALSE(ParseChecksum(ChecksumAlgorithm::kCrc32, text)) << text;
  }
}

TEST(Base64, RoundTrips) {
  for (std::size_t size = 0; size < 50; ++size) {
    const std::string bytes = RandomBytes(size, static_cast<unsigned>(size));
    EXPECT_EQ(DecodeBase64(Base64(bytes)), bytes);
  }
}

}  // namespace
}  // namespace mkv::s3
