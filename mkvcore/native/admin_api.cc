#include "mkvcore/native/admin_api.h"

#include <Poco/URI.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/store/rebalance.h"

namespace mkv {

namespace {

http::Response Text(int status, const std::string& line) {
  http::Response response;
  response.status = status;
  response.Header("Content-Type", "text/plain; charset=utf-8");
  response.body = line + "\n";
  return response;
}

nlohmann::json ToJson(const RebalanceSummary& summary, bool finished) {
  return {{"total", summary.total},   {"done", summary.done},
          {"moved", summary.moved},   {"busy", summary.busy},
          {"failed", summary.failed}, {"interrupted", summary.interrupted},
          {"finished", finished}};
}

}  // namespace

bool AdminApi::AnswerForAnyone(http::Exchange& exchange) {
  const http::RequestHead& head = exchange.head();
  if (head.path != "/.mkv/health" || (head.method != "GET" && head.method != "HEAD")) return false;
  exchange.Reply(Text(200, "ok"));
  return true;
}

void AdminApi::OnRequest(const std::shared_ptr<http::Exchange>& exchange,
                         const NativeCaller& caller) {
  const http::RequestHead& head = exchange->head();
  if (head.method == "GET" || head.method == "HEAD") {
    exchange->Reply(http::Response{.status = 404, .headers = {}, .body = {}});
    return;
  }
  if (head.method != "POST") {
    exchange->Reply(Text(403, "keys under /.mkv/ belong to the gateway"));
    return;
  }
  if (!caller.IsAdmin()) {
    exchange->Reply(Text(403, "admin calls need an admin's key, or, without keys, this machine"));
    return;
  }
  if (head.path == "/.mkv/rebalance") {
    exchange->RunOnWorker([this](http::Transfer& transfer) { Rebalance(transfer); });
  } else if (head.path == "/.mkv/forget") {
    exchange->RunOnWorker([this](http::Transfer& transfer) { Forget(transfer); });
  } else {
    exchange->Reply(Text(404, "no such call: health, rebalance and forget are known"));
  }
}

void AdminApi::Rebalance(http::Transfer& transfer) {
  if (rebalancing_.exchange(true)) {
    transfer.Reply(Text(409, "a rebalance is already running"));
    return;
  }
  std::atomic<bool> stop{false};
  RebalanceSummary summary;
  try {
    http::Response head;
    head.Header("Content-Type", "application/x-ndjson");
    transfer.StartReply(head, std::nullopt);
    summary = RebalanceAll(
        store_, {},
        [&](const RebalanceSummary& now) {
          if (transfer.stopping()) stop = true;
          // The client going away is the way to interrupt it.
          if (!stop) {
            try {
              transfer.Write(ToJson(now, false).dump() + "\n");
            } catch (const http::TransferError&) {
              stop = true;
            }
          }
        },
        stop);
  } catch (...) {
    rebalancing_ = false;
    throw;
  }
  rebalancing_ = false;
  transfer.Write(ToJson(summary, true).dump() + "\n");
  transfer.FinishReply();
}

void AdminApi::Forget(http::Transfer& transfer) {
  std::string volume;
  for (const auto& [name, value] : Poco::URI(transfer.head().target).getQueryParameters()) {
    if (name == "volume") volume = value;
  }
  if (volume.empty()) {
    transfer.Reply(Text(400, "name the volume: /.mkv/forget?volume=HOST:PORT"));
    return;
  }
  const ForgetResult result = ForgetVolume(store_, volume);
  http::Response response;
  response.Header("Content-Type", "application/json");
  response.body = nlohmann::json{{"forgotten", result.blobs}}.dump() + "\n";
  transfer.Reply(std::move(response));
}

}  // namespace mkv
