// The S3 protocol over HTTP. The sequence is written once, here: route, authenticate, authorise,
// run, answer; what goes wrong in any step becomes an S3 error document in one place.
//
// The head of a request is routed and its signature verified on the event loop, so that a request
// that is nobody's costs no thread, and small objects are answered there; the rest runs on a
// worker. Thread-safe.
#ifndef S3API_RESOURCES_S3_API_H_
#define S3API_RESOURCES_S3_API_H_

#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "mkvcore/http/handler.h"
#include "mkvcore/http/worker_pool.h"
#include "s3api/multipart/transfer_slots.h"
#include "s3api/protocol/credentials.h"
#include "s3api/protocol/error.h"
#include "s3api/resources/call.h"
#include "s3api/resources/handlers.h"
#include "s3api/signature/authenticator.h"

namespace mkv::s3 {

class S3Api {
 public:
  // `store` and `credentials` outlive it. Without any credentials in `credentials` the server is
  // open: every signature is accepted, as the original does.
  S3Api(Store& store, const CurrentCredentials& credentials, S3Options options);
  ~S3Api();

  // As http::Handler's.
  void OnLoopStart(EventLoop& loop);
  void OnLoopEnd(EventLoop& loop);
  void OnRequest(const std::shared_ptr<http::Exchange>& exchange);

  // For a request without any credentials that nothing tells to be S3: serves it where an ACL lets
  // everyone do that, or know that there is no such object. False when none does, as far as that
  // can be told on the loop; what turns out later is answered with `refusal`.
  bool ServeIfPublic(const std::shared_ptr<http::Exchange>& exchange, http::Response refusal);

  // The document for what the HTTP server refuses by itself.
  http::Response ServerError(int status, const std::string& message, const http::RequestHead* head);

 private:
  // What is known of a request before it goes to a worker.
  struct Admitted;
  // A request as it is served, with all that a CallContext points into.
  struct Serving;
  // What each loop has for itself.
  struct OfLoop;

  Admitted Admit(const http::RequestHead& head);
  // Small objects, in and out, and HEADs, of which the index and the bucket's settings in memory
  // tell all. False: a worker has to see to it.
  bool ServeOnLoop(const std::shared_ptr<http::Exchange>& exchange,
                   const std::shared_ptr<const Admitted>& admitted);
  bool ReadOnLoop(const std::shared_ptr<http::Exchange>& exchange,
                  const std::shared_ptr<const Admitted>& admitted, OfLoop& of_loop);
  bool WriteOnLoop(const std::shared_ptr<http::Exchange>& exchange,
                   const std::shared_ptr<const Admitted>& admitted, OfLoop& of_loop);
  void ServeOnWorker(http::Exchange& exchange, const std::shared_ptr<const Admitted>& admitted);
  void Authorize(const Admitted& admitted, const std::optional<Bucket>& bucket) const;
  void Run(const std::shared_ptr<const Admitted>& admitted, http::Transfer& transfer);
  void Serve(const Serving& serving, http::Transfer& transfer);
  // `out` is an Exchange or a Transfer.
  template <typename Out>
  void ReplyOrRefuse(Out& out, const std::function<http::Response()>& answer);
  // Answers a request that was refused on the loop; for a browser with what CORS has to tell it.
  void Refuse(const std::shared_ptr<http::Exchange>& exchange, const S3Error& error);
  http::Response ErrorAnswer(const S3Error& error, const http::RequestHead& head) const;

  const CurrentCredentials& credentials_;
  const S3Options options_;
  BucketRegistry buckets_;
  ReplicaRepairer repairer_;
  Multipart multipart_;
  Service service_;
  Authenticator authenticator_;
  http::WorkerPool readers_;
  TransferSlots form_slots_{kMaxFormsWaitedFor};
  TransferSlots parse_slots_{kMaxBodiesParsed};

  std::shared_mutex loops_mutex_;
  std::unordered_map<EventLoop*, std::unique_ptr<OfLoop>> loops_;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_S3_API_H_
