#include "s3api/protocol/host.h"

#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

std::string_view NameOfHost(std::string_view host) {
  host = Trim(host);
  if (host.starts_with('[')) return host;  // an IPv6 address names no bucket
  host = host.substr(0, host.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

std::string VirtualBucket(std::string_view host, std::string_view domain) {
  const std::string_view name = NameOfHost(host);
  if (domain.empty() || name.size() < domain.size() + 2) return {};
  const std::size_t dot = name.size() - domain.size() - 1;
  if (name[dot] != '.' || !EqualsIgnoringCase(name.substr(dot + 1), domain)) return {};
  return LowerCase(name.substr(0, dot));
}

}  // namespace mkv::s3
