// Values too large to hold: the same bytes for the same seed, made as they are read.
//
//   GeneratedValue value(7, 5ULL << 30);
//   client.Do({.method = "PUT", .url = url, .producer = value.Producer(), .size = value.size()});
//   EXPECT_EQ(downloaded.md5, value.Md5());
#ifndef TESTS_SUPPORT_GENERATED_VALUE_H_
#define TESTS_SUPPORT_GENERATED_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mkv::testing {

// 32 lower-case hex digits.
std::string Md5Hex(std::string_view bytes);

// MD5 and size of what passes by.
class ValueSum {
 public:
  ValueSum();
  ~ValueSum();
  void Add(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  std::string Md5();  // ends it: call once, last

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::uint64_t size_ = 0;
};

class GeneratedValue {
 public:
  GeneratedValue(std::uint64_t seed, std::uint64_t size) : seed_(seed), size_(size) {}

  std::uint64_t size() const { return size_; }
  // Reads through from the beginning; each call makes another reader. Zero bytes mean the end.
  std::function<std::size_t(std::span<char>)> Producer() const;
  std::string Bytes() const;  // the whole of a small one
  std::string Md5() const;

 private:
  std::uint64_t seed_;
  std::uint64_t size_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_GENERATED_VALUE_H_
