#include "mkvcore/http/head_parser.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "mkvcore/http/head_validation.h"

namespace mkv::http {
namespace {

using Error = std::optional<HeadError>;

bool EqualsNoCase(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != lower_case[i]) return false;
  }
  return true;
}

std::string_view TakeLine(std::string_view& block) {
  const std::size_t end = block.find("\r\n");
  const std::string_view line = block.substr(0, end);
  block.remove_prefix(end == std::string_view::npos ? block.size() : end + 2);
  return line;
}

std::string_view TakeListElement(std::string_view& list) {
  const std::size_t comma = list.find(',');
  std::string_view element = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) {
    element.remove_prefix(1);
  }
  while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) {
    element.remove_suffix(1);
  }
  return element;
}

Error ParseVersion(std::string_view version, RequestHead& head) {
  const auto digit = [&](std::size_t i) { return version[i] >= '0' && version[i] <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !digit(5) || version[6] != '.' ||
      !digit(7)) {
    return HeadError{400, "malformed request line"};
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return HeadError{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  }
  head.http_1_0 = version == "HTTP/1.0";
  head.keep_alive = !head.http_1_0;
  return std::nullopt;
}

// Takes scheme and authority off a whole URL (RFC 9112 section 3.2.2): what is left is the target
// that a client of ours sends, and `authority` goes before the Host field. An empty path is `/`
// (RFC 9110 section 4.2.3); `rooted` holds what is made of it.
std::string_view WithoutAuthority(std::string_view target, std::string_view* authority,
                                  std::string* rooted) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsNoCase(target.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
    if (host.empty()) break;  // RFC 9110 section 4.2.1: invalid
    *authority = host;
    const std::string_view after = rest.substr(host.size());
    if (after.starts_with('/')) return after;
    return rooted->assign("/").append(after);
  }
  return target;
}

Error ParseTarget(std::string_view target, RequestHead& head) {
  const std::size_t mark = target.find('?');
  head.target = target;
  head.has_query_mark = mark != std::string_view::npos;
  if (head.has_query_mark) head.query = target.substr(mark + 1);
  if (!IsTarget(target)) return HeadError{400, "malformed request target"};
  if (target.front() != '/') return HeadError{400, "the request target does not begin with '/'"};
  auto path = PercentDecode(target.substr(0, mark));
  if (!path) return HeadError{400, "invalid percent-encoding in the request target"};
  head.path = std::move(*path);
  return std::nullopt;
}

Error ParseRequestLine(std::string_view line, RequestHead& head, std::string_view* authority) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos) return HeadError{400, "malformed request line"};
  const std::string_view method = line.substr(0, first);
  if (!IsToken(method)) {
    return HeadError{400, first == last ? "malformed request line" : "malformed method"};
  }
  head.method = method;
  // The target is looked at whatever else is wrong: it may tell who asks (ParseHead).
  if (first == last) {
    (void)ParseTarget(line.substr(first + 1), head);
    return HeadError{400, "malformed request line"};
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  std::string rooted;
  const Error bad_target = ParseTarget(WithoutAuthority(target, authority, &rooted), head);
  if (Error error = ParseVersion(line.substr(last + 1), head)) return error;
  return bad_target;
}

// The fields that decide how the request is framed and how its connection goes on.
class FramingFields {
 public:
  Error See(const FieldLine& field) {
    // By length first: few fields are looked at twice.
    switch (field.name.size()) {
      case 4:
        if (EqualsNoCase(field.name, "host")) return SeeHost(field.value);
        break;
      case 6:
        if (EqualsNoCase(field.name, "expect")) return SeeExpect(field.value);
        break;
      case 10:
        if (EqualsNoCase(field.name, "connection")) SeeConnection(field.value);
        break;
      case 14:
        if (EqualsNoCase(field.name, "content-length")) return SeeLength(field.value);
        break;
      case 17:
        if (EqualsNoCase(field.name, "transfer-encoding")) return SeeCoding(field.value);
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  Error Apply(const HeadLimits& limits, RequestHead& head) const {
    if (!host_seen_ && !head.http_1_0) return HeadError{400, "no Host field"};
    if (chunked_ && length_) {
      return HeadError{400, "Content-Length and Transfer-Encoding in one request"};
    }
    // RFC 9112 section 6.1: HTTP/1.0 knows no transfer coding, so the framing is not to be trusted.
    if (chunked_ && head.http_1_0) return HeadError{400, "Transfer-Encoding in HTTP/1.0"};
    head.chunked = chunked_;
    head.content_length = length_;
    // RFC 9110 section 10.1.1: ignored in HTTP/1.0, and without a body there is nothing to wait
    // for.
    // A body that is announced may be empty: botocore waits all the same.
    head.expect_continue =
        expect_continue_ && !head.http_1_0 && (head.chunked || head.content_length);
    if (close_) {
      head.keep_alive = false;
    } else if (keep_alive_) {
      head.keep_alive = true;
    }
    if (length_.value_or(0) > limits.max_body_bytes) {
      return HeadError{413, "the body is larger than this server takes"};
    }
    if (other_expectation_ && !head.http_1_0) {
      return HeadError{417, "the only expectation met is 100-continue"};
    }
    return std::nullopt;
  }

 private:
  Error SeeHost(std::string_view value) {
    if (std::exchange(host_seen_, true)) return HeadError{400, "two Host fields"};
    if (!IsHost(value)) return HeadError{400, "malformed Host field"};
    return std::nullopt;
  }

  Error SeeExpect(std::string_view value) {
    if (EqualsNoCase(value, "100-continue")) {
      expect_continue_ = true;
    } else {
      other_expectation_ = true;
    }
    return std::nullopt;
  }

  void SeeConnection(std::string_view list) {
    while (!list.empty()) {
      const std::string_view option = TakeListElement(list);
      if (EqualsNoCase(option, "close")) close_ = true;
      if (EqualsNoCase(option, "keep-alive")) keep_alive_ = true;
    }
  }

  Error SeeLength(std::string_view value) {
    if (length_) return HeadError{400, "two Content-Length fields"};
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc() || end != value.data() + value.size()) {
      return HeadError{400, "malformed Content-Length"};
    }
    length_ = length;
    return std::nullopt;
  }

  Error SeeCoding(std::string_view value) {
    if (std::exchange(chunked_, true)) return HeadError{400, "two Transfer-Encoding fields"};
    if (!EqualsNoCase(value, "chunked")) {
      return HeadError{400, "the only Transfer-Encoding understood is chunked"};
    }
    return std::nullopt;
  }

  bool host_seen_ = false;
  bool chunked_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool expect_continue_ = false;
  bool other_expectation_ = false;
  std::optional<std::uint64_t> length_;
};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<HeadError> ParseHead(std::string_view block, const HeadLimits& limits,
                                   RequestHead& head) {
  // The first error is the one that counts; what comes after it is read as far as it can be.
  std::string_view authority;
  Error error = ParseRequestLine(TakeLine(block), head, &authority);
  const auto fail = [&error](const Error& another) {
    if (!error) error = another;
  };
  FramingFields framing;
  std::size_t fields = 0;
  for (std::string_view line = TakeLine(block); !line.empty(); line = TakeLine(block)) {
    if (++fields > limits.max_header_fields) {
      fail(HeadError{431, "too many header fields"});
      break;
    }
    const auto field = ParseFieldLine(line);
    if (!field) {
      fail(HeadError{400, "malformed header field"});
      continue;
    }
    fail(framing.See(*field));
    head.headers.add(std::string(field->name), std::string(field->value));
  }
  if (!authority.empty()) {
    if (!IsHost(authority)) fail(HeadError{400, "malformed host in the request target"});
    head.headers.set("Host", std::string(authority));
  }
  if (!error) error = framing.Apply(limits, head);
  return error;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::size_t percent = text.find('%');
  if (percent == std::string_view::npos) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  while (percent != std::string_view::npos) {
    if (text.size() - percent < 3) return std::nullopt;
    const int high = HexValue(text[percent + 1]);
    const int low = HexValue(text[percent + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.append(text.substr(0, percent));
    decoded.push_back(static_cast<char>(high * 16 + low));
    text.remove_prefix(percent + 3);
    percent = text.find('%');
  }
  decoded.append(text);
  return decoded;
}

}  // namespace mkv::http
