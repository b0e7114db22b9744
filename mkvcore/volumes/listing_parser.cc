#include "mkvcore/volumes/listing_parser.h"

#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "mkvcore/volumes/volume_date.h"

namespace mkv {
namespace {

using Json = nlohmann::json;

// The parser takes only UTF-8, and names are any bytes: it is shown every byte as if it were a
// character of ISO 8859-1, in UTF-8.
class BytesAsUtf8 {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  explicit BytesAsUtf8(const char* at) : at_(at) {}

  char operator*() const {
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte < 0x80) return *at_;
    return static_cast<char>(second_ ? 0x80 | (byte & 0x3f) : 0xc0 | (byte >> 6));
  }
  BytesAsUtf8& operator++() {
    if (static_cast<unsigned char>(*at_) >= 0x80 && !second_) {
      second_ = true;
    } else {
      second_ = false;
      ++at_;
    }
    return *this;
  }
  bool operator==(const BytesAsUtf8& other) const = default;

 private:
  const char* at_;
  bool second_ = false;  // of the two bytes that stand for *at_
};

std::string BytesOf(const std::string& utf8) {
  std::string bytes;
  bytes.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes += utf8[i];
      continue;
    }
    // Anything else comes from a \u escape that nginx would not write.
    if (lead > 0xc3) throw std::runtime_error("a name with a character beyond one byte");
    bytes += static_cast<char>((lead & 0x03) << 6 | (utf8[++i] & 0x3f));
  }
  return bytes;
}

// [{"name": ..., "type": "file"|"directory"|"other", "mtime": ..., "size": ...}, ...] without a
// tree in memory.
class ListingReader : public nlohmann::json_sax<Json> {
 public:
  explicit ListingReader(std::vector<ListingEntry>& entries) : entries_(entries) {}

  bool complete() const { return complete_; }
  const std::string& error() const { return error_; }

  bool start_array(std::size_t) override {
    if (inside_array_) return Refuse();
    inside_array_ = true;
    return true;
  }
  bool end_array() override {
    complete_ = true;
    return true;
  }
  bool start_object(std::size_t) override {
    if (!inside_array_ || inside_object_) return Refuse();
    inside_object_ = true;
    entry_ = {};
    return true;
  }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool string(string_t& value) override {
    if (!inside_object_) return Refuse();
    if (key_ == "name") {
      entry_.name = BytesOf(value);
    } else if (key_ == "type") {
      entry_.is_directory = value == "directory";
    } else if (key_ == "mtime") {
      const std::optional<std::time_t> time = ParseVolumeDate(value);
      if (!time) return Refuse();
      entry_.mtime = *time;
    }
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!inside_object_) return Refuse();
    if (key_ == "size") entry_.size = value;
    return true;
  }
  bool end_object() override {
    if (entry_.name.empty()) return Refuse();
    inside_object_ = false;
    entries_.push_back(std::move(entry_));
    return true;
  }

  bool null() override { return Refuse(); }
  bool boolean(bool) override { return Refuse(); }
  bool number_integer(number_integer_t) override { return Refuse(); }
  bool number_float(number_float_t, const string_t&) override { return Refuse(); }
  bool binary(binary_t&) override { return Refuse(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    error_ = error.what();
    return false;
  }

 private:
  bool Refuse() {
    error_ = "not a directory listing of nginx (autoindex_format json)";
    return false;
  }

  std::vector<ListingEntry>& entries_;
  ListingEntry entry_;
  std::string key_;
  std::string error_;
  bool inside_array_ = false;
  bool inside_object_ = false;
  bool complete_ = false;
};

}  // namespace

std::vector<ListingEntry> ParseListing(std::string_view json) {
  std::vector<ListingEntry> entries;
  ListingReader reader(entries);
  const bool parsed =
      Json::sax_parse(BytesAsUtf8(json.data()), BytesAsUtf8(json.data() + json.size()), &reader);
  if (!parsed || !reader.complete()) {
    throw std::runtime_error(reader.error().empty() ? "not a directory listing" : reader.error());
  }
  return entries;
}

}  // namespace mkv
