// The gateway's own calls, under `/.mkv/`:
//
//   GET  /.mkv/health               200 once the gateway serves; for anyone
//   POST /.mkv/rebalance            rebalances every key; progress as JSON, a line a second
//   POST /.mkv/scrub?rate=N         reads and repairs every replica (rate: bytes a second);
//   likewise POST /.mkv/check                lists what differs between index and volumes; likewise
//   POST /.mkv/backup               the index, for whoever keeps it: a line of JSON an entry
//   POST /.mkv/forget?volume=H:P    drops what is queued for a volume that will not come back
//
// All but health are for administrators (native_access.h). Thread-safe.
#ifndef MKVCORE_NATIVE_ADMIN_API_H_
#define MKVCORE_NATIVE_ADMIN_API_H_

#include <atomic>
#include <memory>

#include "mkvcore/http/handler.h"
#include "mkvcore/native/native_access.h"
#include "mkvcore/store/store.h"

namespace mkv {

class AdminApi {
 public:
  explicit AdminApi(Store& store) : store_(store) {}

  // Answers what needs no caller; false if it is something else.
  static bool AnswerForAnyone(http::Exchange& exchange);
  void OnRequest(const std::shared_ptr<http::Exchange>& exchange, const NativeCaller& caller);

 private:
  void Rebalance(http::Transfer& transfer);
  void Scrub(http::Transfer& transfer);
  void Check(http::Transfer& transfer);
  void Backup(http::Transfer& transfer);
  void Forget(http::Transfer& transfer);

  Store& store_;
  std::atomic<bool> rebalancing_{false};  // one at a time
  std::atomic<bool> scrubbing_{false};
  std::atomic<bool> checking_{false};
};

}  // namespace mkv

#endif  // MKVCORE_NATIVE_ADMIN_API_H_
