#include "s3api/program/admin_client.h"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPBasicCredentials.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/StreamCopier.h>
#include <Poco/String.h>
#include <Poco/Timespan.h>
#include <Poco/URI.h>

#include <cstdint>
#include <cstdlib>
#include <istream>
#include <stdexcept>

#include "s3api/program/command_line.h"

namespace mkv {

namespace {

using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;

// A rebalance writes a line a second; a server silent for so long is gone.
constexpr long kTimeoutSeconds = 60;
// Certificates between the server's and a known authority.
constexpr int kLongestChain = 9;

// Poco's message alone often is empty; its display text names the kind and the address.
[[noreturn]] void Rethrow(const Poco::Exception& error, const std::string& host,
                          unsigned short port) {
  throw std::runtime_error("no answer from " + host + ":" + std::to_string(port) + ": " +
                           error.displayText());
}

bool IsThisMachine(const std::string& host) {
  return Poco::Net::SocketAddress(host, std::uint16_t{0}).host().isLoopback();
}

}  // namespace

AdminClient::AdminClient(const Options& options) : allow_plain_basic_(options.allow_plain_basic) {
  const std::string& url = options.server;
  try {
    const Poco::URI parsed(url);
    tls_ = parsed.getScheme() == "https";
    if ((parsed.getScheme() != "http" && !tls_) || parsed.getHost().empty()) {
      throw UsageError("-server: \"" + url + "\" is not http[s]://HOST:PORT");
    }
    host_ = parsed.getHost();
    port_ = parsed.getPort();
  } catch (const Poco::SyntaxException&) {
    throw UsageError("-server: \"" + url + "\" is not http[s]://HOST:PORT");
  }
}

std::unique_ptr<HTTPClientSession> AdminClient::Connect() const {
  if (!tls_) return std::make_unique<HTTPClientSession>(host_, port_);
  using Poco::Net::Context;
  Context::Ptr context = new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT,
                                     kLongestChain, /*loadDefaultCAs=*/true);
  context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
  return std::make_unique<Poco::Net::HTTPSClientSession>(host_, port_, context);
}

std::istream& AdminClient::Send(HTTPClientSession& session, const std::string& path,
                                const Query& query) const {
  session.setTimeout(Poco::Timespan(kTimeoutSeconds, 0));
  Poco::URI target(path);
  for (const auto& [name, value] : query) target.addQueryParameter(name, value);
  HTTPRequest request(HTTPRequest::HTTP_POST, target.getPathAndQuery(), HTTPRequest::HTTP_1_1);
  request.setContentLength(0);
  const char* const access_key = std::getenv("MKV_ACCESS_KEY");
  const char* const secret_key = std::getenv("MKV_SECRET_KEY");
  if (access_key != nullptr && secret_key != nullptr) {
    if (!tls_ && !allow_plain_basic_ && !IsThisMachine(host_)) {
      throw std::runtime_error(
          "the secret key would go to " + host_ +
          " in the clear: use https://, or -allow-plain-basic on a network that "
          "nobody listens on");
    }
    Poco::Net::HTTPBasicCredentials(access_key, secret_key).authenticate(request);
  }
  session.sendRequest(request);
  HTTPResponse response;
  std::istream& body = session.receiveResponse(response);
  if (response.getStatus() != HTTPResponse::HTTP_OK) {
    std::string reason;
    Poco::StreamCopier::copyToString(body, reason);
    Poco::trimInPlace(reason);
    if (reason.starts_with('<')) reason = "a page that is not the gateway's: is this its port?";
    if (response.getStatus() == HTTPResponse::HTTP_UNAUTHORIZED) {
      reason +=
          access_key != nullptr && secret_key != nullptr
              ? "; MKV_ACCESS_KEY and MKV_SECRET_KEY in the environment are not a key of its"
              : "; set MKV_ACCESS_KEY and MKV_SECRET_KEY in the environment to an admin's key";
    }
    throw std::runtime_error("the server says " + std::to_string(response.getStatus()) + ": " +
                             reason);
  }
  return body;
}

std::string AdminClient::Post(const std::string& path, const Query& query) {
  try {
    const std::unique_ptr<HTTPClientSession> session = Connect();
    std::string body;
    Poco::StreamCopier::copyToString(Send(*session, path, query), body);
    return body;
  } catch (const Poco::Exception& error) {
    Rethrow(error, host_, port_);
  }
}

bool AdminClient::PostForLines(const std::string& path, const Query& query,
                               const std::atomic<bool>& stop,
                               const std::function<void(std::string_view line)>& line) {
  try {
    const std::unique_ptr<HTTPClientSession> session = Connect();
    std::istream& body = Send(*session, path, query);
    for (std::string text; std::getline(body, text);) {
      line(text);
      if (stop) return false;
    }
    return true;
  } catch (const Poco::Exception& error) {
    Rethrow(error, host_, port_);
  }
}

}  // namespace mkv
