#include "mkvcore/volumes/curl_session.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "mkvcore/volumes/volume_request.h"

namespace mkv {
namespace {

// Idle connections that a session keeps; the oldest is closed for the next.
constexpr long kIdleConnections = 64;
// Easy handles that a session keeps for reuse; each holds a few KB.
constexpr std::size_t kStock = 16;
// Deadlines of our own are looked at once a second at least.
constexpr std::chrono::milliseconds kLongestWait{1000};

void Check(CURLMcode code) {
  if (code != CURLM_OK) throw std::runtime_error(curl_multi_strerror(code));
}

// What a Unix socket holds of a value that is being sent. TCP finds its own size; here it is 208 KB
// by default (net.core.wmem_default), and sender and volume wake each other more often than they
// need.
constexpr int kUnixSendBytes = 1 << 20;

int PrepareSocket(void*, curl_socket_t socket, curlsocktype) {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX) {
    setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &kUnixSendBytes, sizeof kUnixSendBytes);
  }
  // A program started from this process must not hold our connections open.
  return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

}  // namespace

CurlLibrary::CurlLibrary() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw std::runtime_error("libcurl can not be initialised");
  }
}

CurlLibrary::~CurlLibrary() { curl_global_cleanup(); }

CurlSession::CurlSession(VolumeOptions options)
    : options_(std::move(options)), multi_(curl_multi_init()), local_sockets_(options_.sockets) {
  if (multi_ == nullptr) throw std::runtime_error("libcurl has no multi handle for us");
  Check(curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kIdleConnections));

  // libcurl would send `Expect: 100-continue` with a PUT above 1 MB and wait for an answer to it.
  headers_.reset(curl_slist_append(nullptr, "Expect:"));
  if (headers_ != nullptr && !options_.key.empty()) {
    const std::string header = "X-Mkv-Volume-Key: " + options_.key;
    if (curl_slist_append(headers_.get(), header.c_str()) == nullptr) headers_.reset();
  }
  if (headers_ == nullptr) throw std::bad_alloc();
}

CurlSession::~CurlSession() = default;

CURL* CurlSession::TakeHandle() {
  std::unique_ptr<CURL, CurlEasyCleanup> handle;
  if (stock_.empty()) {
    handle.reset(curl_easy_init());
    if (handle == nullptr) throw std::runtime_error("libcurl has no easy handle for us");
  } else {
    handle = std::move(stock_.back());
    stock_.pop_back();
  }
  CURL* const easy = handle.get();
  bool ok = true;
  const auto set = [&](CURLoption option, auto value) {
    ok = ok && curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  set(CURLOPT_PROXY, "");  // above http_proxy and ALL_PROXY of the environment
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));  // or later
  if (!options_.authorities.empty()) {
    set(CURLOPT_CAINFO, options_.authorities.c_str());
    // Those of the machine, whose folder may be built into libcurl, would count beside them.
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // or who gives up waits for a name server that does not answer
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_SOCKOPTFUNCTION, &PrepareSocket);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.timeouts.connect.count()));
  set(CURLOPT_MAXLIFETIME_CONN, static_cast<long>(kConnectionAge.count()));
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(kConnectionAge.count()));
  set(CURLOPT_FILETIME, 1L);
  if (!ok) throw std::runtime_error("libcurl refuses an option");
  return handle.release();
}

void CurlSession::PutBack(CURL* easy) {
  std::unique_ptr<CURL, CurlEasyCleanup> handle(easy);
  by_socket_.erase(easy);
  if (stock_.size() >= kStock) return;
  curl_easy_reset(easy);  // keeps the connections, forgets every option
  stock_.push_back(std::move(handle));
}

CURLcode CurlSession::SetUrl(CURL* easy, const std::string& host, const std::string& url) {
  const CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  const std::string socket = local_sockets_.PathFor(host);
  if (code != CURLE_OK || socket.empty()) return code;
  by_socket_[easy] = socket;
  return curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
}

bool CurlSession::GoesOnByTcp(CURL* easy, CURLcode code) {
  const auto by_socket = by_socket_.find(easy);
  if (code != CURLE_COULDNT_CONNECT || by_socket == by_socket_.end()) return false;
  local_sockets_.NobodyListens(by_socket->second);
  by_socket_.erase(by_socket);
  curl_multi_remove_handle(multi(), easy);
  return curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, nullptr) == CURLE_OK &&
         curl_multi_add_handle(multi(), easy) == CURLM_OK;
}

void CurlSession::Perform() {
  int running = 0;
  Check(curl_multi_perform(multi(), &running));
  Settle();
}

void CurlSession::Wait(std::chrono::milliseconds timeout, curl_waitfd* extra) {
  const auto wait = std::clamp(timeout, std::chrono::milliseconds::zero(), kLongestWait);
  Check(curl_multi_poll(multi(), extra, extra == nullptr ? 0 : 1, static_cast<int>(wait.count()),
                        nullptr));
}

std::vector<VolumeRequest*> CurlSession::Settle() {
  std::vector<VolumeRequest*> settled;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;  // `message` goes with what is done to its handle
    if (GoesOnByTcp(easy, code)) continue;
    VolumeRequest* request = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
    request->Finish(code);
    settled.push_back(request);
  }
  return settled;
}

}  // namespace mkv
