#include "s3api/protocol/form_data.h"

#include <Poco/Exception.h>
#include <Poco/Net/MessageHeader.h>
#include <Poco/Net/NameValueCollection.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>

#include "s3api/protocol/error.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kReadBytes = 64 << 10;

[[noreturn]] void ThrowMalformedForm() { throw S3Error(ErrorCode::kMalformedPostRequest); }

Poco::Net::MessageHeader ParseHeaders(const std::string& text) {
  Poco::Net::MessageHeader headers;
  std::istringstream stream(text);
  try {
    headers.read(stream);
  } catch (const Poco::Exception&) {
    ThrowMalformedForm();
  }
  return headers;
}

// Browsers send a backslash as it is
// (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data),
// which Poco takes for an escape. Before a quote it is one: so did browsers and curl once.
std::string WithBackslashesKept(const std::string& disposition) {
  std::string kept;
  for (std::size_t i = 0; i < disposition.size(); ++i) {
    kept += disposition[i];
    const bool escapes = i + 1 < disposition.size() && disposition[i + 1] == '"';
    if (disposition[i] == '\\' && !escapes) kept += '\\';
  }
  return kept;
}

std::string LastSegment(const std::string& path) {
  const std::size_t separator = path.find_last_of("/\\");
  return separator == std::string::npos ? path : path.substr(separator + 1);
}

}  // namespace

std::string FormBoundary(const std::string& content_type) {
  std::string type;
  Poco::Net::NameValueCollection parameters;
  Poco::Net::MessageHeader::splitParameters(content_type, type, parameters);
  const std::string boundary = parameters.get("boundary", "");
  if (!EqualsIgnoringCase(Trim(type), "multipart/form-data") || boundary.empty() ||
      boundary.size() > kMaxBoundary) {
    ThrowMalformedForm();
  }
  return boundary;
}

FormData::FormData(Source& body, std::string_view boundary)
    : body_(body),
      delimiter_(std::string("\r\n--").append(boundary)),
      held_(kLineEnd) {  // so that the first boundary looks like all others
  ReadFields();
}

void FormData::Limit(std::uint64_t least, std::uint64_t most) {
  least_ = least;
  most_ = most;
}

bool FormData::ReadMore() {
  if (body_ended_) return false;
  std::array<char, 4096> buffer;
  while (true) {
    const Chunk chunk = body_.Read(buffer);
    if (chunk.state == State::kData) {
      held_.append(buffer.data(), chunk.bytes);
      return true;
    }
    if (chunk.state == State::kEnd) {
      body_ended_ = true;
      return false;
    }
    constexpr int kMaxWait = 1000;  // milliseconds: the body keeps its own deadlines
    pollfd wait = {body_.poll_fd(), body_.poll_events(), 0};
    poll(&wait, 1, kMaxWait);
  }
}

std::string FormData::TakeUntil(std::string_view end) {
  std::size_t searched = position_;
  while (true) {
    const std::size_t found = held_.find(end, searched);
    // Counted by what was taken: more may be in memory already, of the file.
    const std::size_t taken = std::min(found, held_.size()) - position_;
    if (before_file_ + taken > kMaxFormFields) {
      throw S3Error(ErrorCode::kMaxPostPreDataLengthExceeded)
          .With("MaxPostPreDataLengthBytes", std::to_string(kMaxFormFields));
    }
    if (found != std::string::npos) {
      std::string text = held_.substr(position_, taken);
      before_file_ += taken + end.size();
      position_ = found + end.size();
      return text;
    }
    searched = std::max(position_, held_.size() - std::min(held_.size(), end.size()));
    if (!ReadMore()) ThrowMalformedForm();
  }
}

void FormData::ReadFields() {
  TakeUntil(delimiter_);  // a preamble is passed over
  while (!in_file_) {
    // After a boundary there may be white space, and after the last one two dashes.
    const std::string rest = TakeUntil(kLineEnd);
    if (rest.starts_with("--")) {
      throw InvalidArgumentError("POST requires exactly one file upload per request.", "file", "0");
    }
    if (!Trim(rest).empty()) ThrowMalformedForm();
    ReadPart();
  }
}

void FormData::ReadPart() {
  std::string text;  // of the headers
  for (std::string line = TakeUntil(kLineEnd); !line.empty(); line = TakeUntil(kLineEnd)) {
    text.append(line).append(kLineEnd);
  }
  const Poco::Net::MessageHeader headers = ParseHeaders(text);
  std::string disposition;
  Poco::Net::NameValueCollection parameters;
  Poco::Net::MessageHeader::splitParameters(
      WithBackslashesKept(headers.get("Content-Disposition", "")), disposition, parameters);
  const std::string name = parameters.get("name", "");
  if (!EqualsIgnoringCase(disposition, "form-data") || name.empty()) ThrowMalformedForm();
  if (EqualsIgnoringCase(name, "file")) {
    file_name_ = LastSegment(parameters.get("filename", ""));
    in_file_ = true;
    held_.erase(0, position_);
    position_ = 0;
    return;
  }
  fields_.emplace_back(name, TakeUntil(delimiter_));
}

Source::Chunk FormData::TakeFile(std::span<char> buffer, std::size_t available) {
  const std::size_t bytes = std::min(buffer.size(), available);
  taken_ += bytes;
  if (taken_ > most_) {
    throw S3Error(ErrorCode::kEntityTooLarge)
        .With("ProposedSize", std::to_string(taken_))
        .With("MaxSizeAllowed", std::to_string(most_));
  }
  std::memcpy(buffer.data(), held_.data() + position_, bytes);
  position_ += bytes;
  return {State::kData, bytes};
}

Source::Chunk FormData::Read(std::span<char> buffer) {
  while (!file_ended_) {
    const std::size_t found = held_.find(delimiter_, position_);
    // A delimiter may begin at the end of what is held.
    const std::size_t certain =
        found != std::string::npos
            ? found
            : std::max(position_, held_.size() - std::min(held_.size(), delimiter_.size() - 1));
    if (certain > position_) return TakeFile(buffer, certain - position_);
    if (found != std::string::npos) {
      file_ended_ = true;
      break;
    }
    held_.erase(0, position_);
    position_ = 0;
    const std::size_t before = held_.size();
    held_.resize(before + kReadBytes);
    Chunk chunk{State::kEnd};
    try {
      chunk = body_.Read(std::span(held_).subspan(before));
    } catch (...) {
      held_.resize(before);
      throw;
    }
    held_.resize(before + chunk.bytes);
    if (chunk.state == State::kWouldBlock) return chunk;
    if (chunk.state == State::kEnd) {
      throw S3Error(ErrorCode::kIncompleteBody, "The form ends inside its file.");
    }
  }
  if (taken_ < least_) {
    throw S3Error(ErrorCode::kEntityTooSmall)
        .With("ProposedSize", std::to_string(taken_))
        .With("MinSizeAllowed", std::to_string(least_));
  }
  return {State::kEnd};
}

}  // namespace mkv::s3
