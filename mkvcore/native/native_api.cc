#include "mkvcore/native/native_api.h"

#include <spdlog/spdlog.h>

#include <functional>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/key_limit.h"
#include "mkvcore/native/key_listing.h"
#include "mkvcore/native/nonempty_source.h"
#include "mkvcore/store/loop_sync.h"

namespace mkv {

namespace {

http::Response Error(int status, const std::string& message) {
  http::Response response;
  response.status = status;
  // The original's 404 has no body at all.
  if (status != 404) {
    response.Header("Content-Type", "text/plain; charset=utf-8");
    response.body = message + "\n";
  }
  return response;
}

// To who may not do what he asks, or does not say who he is. It may be a client of S3 whose request
// nothing told to be one: with the id that such a client shows.
http::Response Refusal(int status, const std::string& message, const http::RequestHead& head) {
  http::Response response = Error(status, message);
  response.Header("x-amz-request-id", head.id);
  return response;
}

// The answer to a change that ended so. `done` is its status when all went well.
http::Response Answer(Outcome outcome, int done) {
  http::Response response;
  switch (outcome) {
    case Outcome::kDone:
      response.status = done;
      return response;
    case Outcome::kExists:
      return Error(403, "the key exists: DELETE it before another PUT");
    case Outcome::kProtected:
      return Error(403, "the server runs with -protect: UNLINK the key before DELETE");
    case Outcome::kBusy:
      return Error(409, "the key is being changed: try again");
    case Outcome::kMissing:
      return Error(404, {});
    case Outcome::kImpossible:
      return Error(400, "can not be rebalanced now: too few volumes answer, or no replica is left");
    case Outcome::kVolumesFailed:
      return Error(500, "too few volumes took the value: nothing was stored, try again");
    case Outcome::kPreconditionFailed:
      return Error(412, "the condition does not hold");
    case Outcome::kOvertaken:  // by what only S3 has
      break;
  }
  return Error(500, "unexpected outcome");
}

// The answer to a change that threw. An index that can not take it now (its disk is full) is no
// fault of the request's, nor for ever.
http::Response FailedChange(const std::exception_ptr& thrown, const http::RequestHead& head) {
  try {
    std::rethrow_exception(thrown);
  } catch (const IndexError& error) {
    spdlog::error("{} {} {}: {}", head.id, head.method, head.path, error.what());
    http::Response response = Error(503, "the index can not be written now: try again");
    response.Header("Retry-After", "1");
    return response;
  } catch (const std::exception& error) {
    spdlog::error("{} {} {}: {}", head.id, head.method, head.path, error.what());
    return Error(500, "internal error");
  }
}

// Runs a change on a worker, where what the client did wrong is answered by the server.
void RunChange(http::Transfer& transfer, const std::function<void()>& change) {
  try {
    change();
  } catch (const IndexError&) {
    transfer.Reply(FailedChange(std::current_exception(), transfer.head()));
  }
}

}  // namespace

struct NativeApi::OfLoop {
  OfLoop(EventLoop& loop, Store& store, const RedirectOptions& options)
      : volumes(loop, store.volumes().options(), store.volumes().health()),
        sync(loop, store.index()),
        redirector(std::make_shared<Redirector>(volumes, store, options)) {}

  LoopVolumeClient volumes;
  LoopSync sync;
  const std::shared_ptr<Redirector> redirector;
};

NativeApi::NativeApi(Store& store, AdminApi& admin, NativeAccess& access, RedirectOptions options)
    : store_(store), admin_(admin), access_(access), options_(std::move(options)) {}

NativeApi::~NativeApi() = default;

void NativeApi::OnLoopStart(EventLoop& loop) {
  const std::unique_lock lock(loops_mutex_);
  loops_.emplace(&loop, std::make_unique<OfLoop>(loop, store_, options_));
}

void NativeApi::OnLoopEnd(EventLoop& loop) {
  std::unique_ptr<OfLoop> ended;
  const std::unique_lock lock(loops_mutex_);
  if (const auto found = loops_.find(&loop); found != loops_.end()) {
    ended = std::move(found->second);
    loops_.erase(found);
  }
}

NativeApi::OfLoop& NativeApi::Of(EventLoop& loop) {
  const std::shared_lock lock(loops_mutex_);
  return *loops_.at(&loop);  // this thread's, until it ends the loop
}

void NativeApi::OnRequest(std::shared_ptr<http::Exchange> exchange) {
  const http::RequestHead& head = exchange->head();
  if (admin_.AnswerForAnyone(*exchange)) return;
  const auto [caller, refusal] = access_.Identify(head);
  if (!refusal.empty()) {
    exchange->Reply(Refusal(403, refusal, head));
    return;
  }
  if (!caller) {
    exchange->Reply(Unauthorized(head));
    return;
  }
  if (IsReservedKey(head.path)) {
    admin_.OnRequest(exchange, *caller);
    return;
  }
  // Of other methods the query means nothing, as in the original.
  const bool lists = head.method == "GET" && !head.query.empty();
  const bool reads = head.method == "GET" || head.method == "HEAD";
  // What a listing shows is decided key by key.
  if (!lists && !(reads ? caller->MayRead(head.path) : caller->MayWrite(head.path))) {
    exchange->Reply(Refusal(403, "this access key may not do that here", head));
    return;
  }
  if (lists) {
    Query(exchange, caller);
  } else if (head.method == "GET" || head.method == "HEAD") {
    Of(exchange->loop()).redirector->Answer(exchange);
  } else if (head.method == "PUT") {
    Put(exchange);
  } else if (head.method == "DELETE") {
    Delete(exchange);
  } else if (head.method == "UNLINK") {
    Change(exchange, [this](std::string_view key) { return store_.Unlink(key); });
  } else if (head.method == "REBALANCE") {
    Change(exchange, [this](std::string_view key) { return store_.Rebalance(key); });
  } else {
    http::Response response = Error(405, "no such method");
    response.Header("Allow", "GET, HEAD, PUT, DELETE, UNLINK, REBALANCE");
    exchange->Reply(std::move(response));
  }
}

http::Response NativeApi::Unauthorized(const http::RequestHead& head) {
  http::Response response =
      Refusal(401, "give an access key and its secret, as user and password", head);
  response.Header("WWW-Authenticate", R"(Basic realm="mkv", charset="UTF-8")");
  return response;
}

http::Response NativeApi::ServerError(int status, const std::string& message,
                                      const http::RequestHead* head) {
  return Refusal(status, message, *head);
}

void NativeApi::Query(const std::shared_ptr<http::Exchange>& exchange,
                      const std::shared_ptr<const NativeCaller>& caller) {
  KeyListingRequest request = ParseKeyListing(exchange->head().query);
  if (request.status != 200) {
    exchange->Reply(
        Error(request.status, request.status == 400
                                  ? "limit is no number"
                                  : "unknown operation: ?list and ?unlinked are known"));
    return;
  }
  request.query.visible = [caller](std::string_view key) { return caller->MayRead(key); };
  exchange->RunOnWorker([this, query = std::move(request.query)](http::Transfer& transfer) {
    ListKeys(store_.index(), transfer.head().path, query, transfer);
  });
}

void NativeApi::Put(const std::shared_ptr<http::Exchange>& exchange) {
  const http::RequestHead& head = exchange->head();
  if (IsTooLong(head.path)) {
    exchange->Reply(Error(414, "the key is too long: its path on a volume would have more than " +
                                   std::to_string(kMaxBlobPath) + " bytes"));
    return;
  }
  auto begun = store_.BeginPut(head.path);
  const Outcome* refused = std::get_if<Outcome>(&begun);
  // In the original's order: busy, empty, exists.
  if (refused != nullptr && *refused == Outcome::kBusy) {
    exchange->Reply(Answer(Outcome::kBusy, 201));
    return;
  }
  if (!head.has_body()) {
    exchange->Reply(Error(411, "empty values can not be stored"));
    return;
  }
  if (refused != nullptr) {
    exchange->Reply(Answer(*refused, 201));
    return;
  }
  // std::function wants what it holds to be copyable; the token is not.
  const auto token =
      std::make_shared<WritersUnderWay::Token>(std::move(std::get<WritersUnderWay::Token>(begun)));
  LoopVolumeClient& volumes = Of(exchange->loop()).volumes;
  if (store_.MayPutOnLoop(volumes, head.content_length) &&
      exchange->Collect([this, exchange, &volumes, token](const auto& value) {
        PutOnLoop(exchange, volumes, std::move(*token), value);
      })) {
    return;
  }
  exchange->RunOnWorker([this, token](http::Transfer& transfer) {
    RunChange(transfer, [&] {
      // Released before any answer, that to an exception too: who reads it may change the key at
      // once.
      WritersUnderWay::Token held = std::move(*token);
      NonemptySource source(transfer.body());
      const Store::PutResult result =
          store_.PutNew(transfer.head().path, held, source, [&transfer] { transfer.AcceptBody(); });
      held.Release();
      transfer.Reply(Answer(result.outcome, 201));
    });
  });
}

void NativeApi::PutOnLoop(const std::shared_ptr<http::Exchange>& exchange,
                          LoopVolumeClient& volumes, WritersUnderWay::Token token,
                          std::shared_ptr<const std::string> value) {
  store_.PutNewOnLoop(volumes, exchange->head().path, std::move(token), std::move(value),
                      [exchange](const Store::LoopPutEnd& end) {
                        if (end.on_worker) {
                          exchange->RunOnWorker([go_on = end.on_worker](http::Transfer& transfer) {
                            RunChange(transfer,
                                      [&] { transfer.Reply(Answer(go_on().outcome, 201)); });
                          });
                        } else if (end.error) {
                          exchange->Reply(FailedChange(end.error, exchange->head()));
                        } else {
                          exchange->Reply(Answer(end.result.outcome, 201));
                        }
                      });
}

void NativeApi::Delete(const std::shared_ptr<http::Exchange>& exchange) {
  OfLoop& of_loop = Of(exchange->loop());
  if (!store_.MayChangeOnLoop(of_loop.volumes)) {
    Change(exchange, [this](std::string_view key) { return store_.Delete(key); });
    return;
  }
  store_.DeleteOnLoop(
      of_loop.volumes, of_loop.sync, exchange->head().path,
      [exchange](Outcome outcome, const std::exception_ptr& error) {
        exchange->Reply(error ? FailedChange(error, exchange->head()) : Answer(outcome, 204));
      });
}

void NativeApi::Change(const std::shared_ptr<http::Exchange>& exchange,
                       std::function<Outcome(std::string_view key)> change) {
  // Not a pointer to a member: GCC 12 compiles its call wrongly under both sanitizers.
  exchange->RunOnWorker([change = std::move(change)](http::Transfer& transfer) {
    RunChange(transfer, [&] { transfer.Reply(Answer(change(transfer.head().path), 204)); });
  });
}

}  // namespace mkv
