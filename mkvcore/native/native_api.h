// The native API of minikeyvalue over HTTP, status for status as the original answers.
//
//   PUT, GET, HEAD, DELETE, UNLINK, REBALANCE /KEY     GET /PREFIX?list  GET /PREFIX?unlinked
//
// Keys are the percent-decoded path with its leading slash. Under `/.mkv/` lie the gateway's own
// calls (admin_api.h); keys there are reachable by no client.
//
// Thread-safe: called from every event loop at once.
#ifndef MKVCORE_NATIVE_NATIVE_API_H_
#define MKVCORE_NATIVE_NATIVE_API_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "mkvcore/http/handler.h"
#include "mkvcore/native/admin_api.h"
#include "mkvcore/native/native_access.h"
#include "mkvcore/native/redirect.h"
#include "mkvcore/store/store.h"

namespace mkv {

class NativeApi : public http::Handler {
 public:
  // `store`, `admin` and `access` outlive it.
  NativeApi(Store& store, AdminApi& admin, NativeAccess& access, RedirectOptions options);
  ~NativeApi() override;

  void OnLoopStart(EventLoop& loop) override;
  void OnLoopEnd(EventLoop& loop) override;
  void OnRequest(std::shared_ptr<http::Exchange> exchange) override;
  // The answer to a request that does not say who sends it, where that must be known: 401.
  static http::Response Unauthorized(const http::RequestHead& head);
  http::Response ServerError(int status, const std::string& message,
                             const http::RequestHead* head) override;

 private:
  void Query(const std::shared_ptr<http::Exchange>& exchange,
             const std::shared_ptr<const NativeCaller>& caller);
  void Put(const std::shared_ptr<http::Exchange>& exchange);
  void PutOnLoop(const std::shared_ptr<http::Exchange>& exchange, LoopVolumeClient& volumes,
                 WritersUnderWay::Token token, std::shared_ptr<const std::string> value);
  void Delete(const std::shared_ptr<http::Exchange>& exchange);
  // `change` runs on a worker.
  static void Change(const std::shared_ptr<http::Exchange>& exchange,
                     std::function<Outcome(std::string_view key)> change);

  Store& store_;
  AdminApi& admin_;
  NativeAccess& access_;
  const RedirectOptions options_;
  // What each loop has for itself.
  struct OfLoop;
  OfLoop& Of(EventLoop& loop);
  std::shared_mutex loops_mutex_;
  std::map<EventLoop*, std::unique_ptr<OfLoop>> loops_;
};

}  // namespace mkv

#endif  // MKVCORE_NATIVE_NATIVE_API_H_
