// libcurl as the volume client uses it: sessions, each a multi handle with its warm connections.
//
// A CurlSession belongs to one thread at a time; a SessionPool hands them out to any.
#ifndef MKVCORE_VOLUMES_CURL_SESSION_H_
#define MKVCORE_VOLUMES_CURL_SESSION_H_

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mkvcore/volumes/local_sockets.h"
#include "mkvcore/volumes/session_pool.h"
#include "mkvcore/volumes/volume_options.h"

namespace mkv {

class VolumeRequest;

// Keeps libcurl initialised. libcurl counts these calls itself, and from 7.84 on takes them from
// any thread, so everything that needs libcurl simply has one.
class CurlLibrary {
 public:
  CurlLibrary();
  ~CurlLibrary();
  CurlLibrary(const CurlLibrary&) = delete;
  CurlLibrary& operator=(const CurlLibrary&) = delete;
};

struct CurlEasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CurlMultiCleanup {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct CurlListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// A multi handle, the connections it keeps, and a stock of easy handles. Throws std::runtime_error
// when libcurl fails in a way that only a lack of memory or descriptors explains.
class CurlSession {
 public:
  explicit CurlSession(VolumeOptions options);
  ~CurlSession();
  CurlSession(const CurlSession&) = delete;
  CurlSession& operator=(const CurlSession&) = delete;

  CURLM* multi() const { return multi_.get(); }
  const VolumeOptions& options() const { return options_; }

  // Moves what moves without waiting. Requests that came to an end are done() afterwards.
  void Perform();

  // Waits until libcurl has something to do, `extra` (may be null) is ready, or `timeout` is over.
  // Never longer than a second.
  void Wait(std::chrono::milliseconds timeout, curl_waitfd* extra = nullptr);

  // Perform() without the performing, for those who drive the multi handle by
  // curl_multi_socket_action. Returns the requests that are done() now.
  std::vector<VolumeRequest*> Settle();

  // An easy handle with the options that all requests have. It goes back, detached from the multi
  // handle, before the session ends.
  CURL* TakeHandle();
  void PutBack(CURL* easy);
  // Where the request goes: `host` as in VolumeHost(), by its socket on this machine if it has one.
  CURLcode SetUrl(CURL* easy, const std::string& host, const std::string& url);
  // After a request that ended with `code`: whether all that failed was to connect to a socket, as
  // one that a killed volume left behind. It is under way again then, by TCP.
  bool GoesOnByTcp(CURL* easy, CURLcode code);

 private:
  CurlLibrary library_;
  VolumeOptions options_;
  std::unique_ptr<CURLM, CurlMultiCleanup> multi_;
  std::unique_ptr<curl_slist, CurlListCleanup> headers_;
  std::vector<std::unique_ptr<CURL, CurlEasyCleanup>> stock_;
  LocalSockets local_sockets_;
  std::unordered_map<CURL*, std::string> by_socket_;  // of handles that were taken: its path
};

using CurlSessionPool = SessionPool<CurlSession>;

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_CURL_SESSION_H_
