// GET and HEAD of the native API: a redirect to a replica that answers.
//
// Runs on the event loops. Replicas are tried in random order, volumes that failed lately last; one
// that answered a HEAD for the blob within -verify-ttl is taken without asking again.
#ifndef MKVCORE_NATIVE_REDIRECT_H_
#define MKVCORE_NATIVE_REDIRECT_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "mkvcore/http/handler.h"
#include "mkvcore/native/known_redirects.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/loop_volume_client.h"

namespace mkv {

struct RedirectOptions {
  std::chrono::milliseconds verify_ttl{1000};  // 0: ask before every redirect, as the original
  std::string fallback;                        // -fallback: host to send missing keys to, or empty
};

// One for each event loop; used on that loop's thread only.
class Redirector : public std::enable_shared_from_this<Redirector> {
 public:
  // `volumes` is the loop's, and outlives it.
  Redirector(LoopVolumeClient& volumes, Store& store, const RedirectOptions& options);

  void Answer(const std::shared_ptr<http::Exchange>& exchange);

 private:
  struct Search;
  // Null when there is no value; what says so is in `missing`.
  std::shared_ptr<KnownRedirect> Look(const std::string& key, http::Response& missing);
  std::vector<std::size_t> InOrderToAsk(const KnownRedirect& known);
  bool IsVerified(const KnownRedirect::Replica& replica) const;
  void TryNext(const std::shared_ptr<Search>& search);
  // To a volume with a key: by a link that is signed and expires.
  void RedirectTo(const BlobLocation& replica, Search& search);

  Store& store_;
  const RedirectOptions& options_;
  LoopVolumeClient& volumes_;
  std::mt19937_64 random_;
  KnownRedirects known_;
};

}  // namespace mkv

#endif  // MKVCORE_NATIVE_REDIRECT_H_
