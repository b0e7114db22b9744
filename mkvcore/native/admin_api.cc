#include "mkvcore/native/admin_api.h"

#include <Poco/URI.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mkvcore/format/base64.h"
#include "mkvcore/native/summary_json.h"
#include "mkvcore/store/backup.h"
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
  return {{"total", summary.total},
          {"done", summary.done},
          {"moved", summary.moved},
          {"busy", summary.busy},
          {"away", summary.away},
          {"failed", summary.failed},
          {"interrupted", summary.interrupted},
          {"finished", finished}};
}

// A browser adds the Basic credentials that it was once asked for to whatever form any page sends
// here, and says where that came from (Fetch Metadata, section 2.1; RFC 6454, section 7). Programs
// say neither.
bool IsFromAnotherSite(const http::RequestHead& head) {
  const std::string site = head.headers.get("Sec-Fetch-Site", "none");
  return head.headers.has("Origin") || (site != "none" && site != "same-origin");
}

constexpr std::size_t kBackupPiece = 64 << 10;

std::optional<std::string> QueryValue(const http::Transfer& transfer, const std::string& wanted) {
  for (const auto& [name, value] : Poco::URI(transfer.head().target).getQueryParameters()) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

// Holds a flag that only one may hold; false when somebody else does.
class OneAtATime {
 public:
  explicit OneAtATime(std::atomic<bool>& flag) : flag_(flag.exchange(true) ? nullptr : &flag) {}
  ~OneAtATime() {
    if (flag_ != nullptr) *flag_ = false;
  }
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;
  explicit operator bool() const { return flag_ != nullptr; }

 private:
  std::atomic<bool>* const flag_;
};

// Runs `work` and answers with its progress as summary_json.h has it.
template <typename Summary, typename Work>
void Report(http::Transfer& transfer, Work work) {
  std::atomic<bool> stop{false};
  http::Response head;
  head.Header("Content-Type", "application/x-ndjson");
  transfer.StartReply(head, std::nullopt);
  const auto line = [](const Summary& summary, const std::vector<std::string>& found,
                       bool finished) {
    const nlohmann::json json = {{"finished", finished}, {"found", found}, {"summary", summary}};
    // Keys are any bytes.
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  };
  const Summary summary = work(
      [&](const Summary& now, const std::vector<std::string>& found) {
        if (transfer.stopping()) stop = true;
        // The client going away is the way to interrupt it.
        if (stop) return;
        try {
          transfer.Write(line(now, found, false));
        } catch (const http::TransferError&) {
          stop = true;
        }
      },
      stop);
  transfer.Write(line(summary, {}, true));
  transfer.FinishReply();
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
  if (IsFromAnotherSite(head)) {
    exchange->Reply(Text(403, "admin calls are not taken from a page of another site"));
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
  } else if (head.path == "/.mkv/scrub") {
    exchange->RunOnWorker([this](http::Transfer& transfer) { Scrub(transfer); });
  } else if (head.path == "/.mkv/check") {
    exchange->RunOnWorker([this](http::Transfer& transfer) { Check(transfer); });
  } else if (head.path == "/.mkv/backup") {
    exchange->RunOnWorker([this](http::Transfer& transfer) { Backup(transfer); });
  } else {
    exchange->Reply(
        Text(404, "no such call: health, rebalance, scrub, check, backup and forget are known"));
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

void AdminApi::Scrub(http::Transfer& transfer) {
  const OneAtATime turn(scrubbing_);
  if (!turn) {
    transfer.Reply(Text(409, "a scrub is already running"));
    return;
  }
  ScrubOptions options;
  if (const std::optional<std::string> rate = QueryValue(transfer, "rate")) {
    const auto [end, error] =
        std::from_chars(rate->data(), rate->data() + rate->size(), options.rate);
    if (error != std::errc{} || end != rate->data() + rate->size() ||
        (options.rate != 0 && options.rate < ScrubOptions::kLeastRate)) {
      transfer.Reply(Text(400, "rate is no number of bytes a second, or below " +
                                   std::to_string(ScrubOptions::kLeastRate)));
      return;
    }
  }
  Report<ScrubSummary>(transfer, [&](const auto& progress, const std::atomic<bool>& stop) {
    return ScrubAll(store_, options, progress, stop);
  });
}

void AdminApi::Check(http::Transfer& transfer) {
  const OneAtATime turn(checking_);
  if (!turn) {
    transfer.Reply(Text(409, "a check is already running"));
    return;
  }
  Report<CheckSummary>(transfer, [&](const auto& progress, const std::atomic<bool>& stop) {
    return CheckStore(store_, {}, progress, stop);
  });
}

void AdminApi::Backup(http::Transfer& transfer) {
  http::Response head;
  head.Header("Content-Type", "application/x-ndjson");
  transfer.StartReply(head, std::nullopt);
  std::string lines;
  const std::atomic<bool> never{false};
  const std::uint64_t entries =
      CopyIndex(store_.index(), never, [&](std::string_view key, std::string_view value) {
        if (transfer.stopping()) throw std::runtime_error("backup: the server stops");
        lines +=
            R"({"key":")" + Base64Encode(key) + R"(","value":")" + Base64Encode(value) + "\"}\n";
        if (lines.size() < kBackupPiece) return;
        transfer.Write(lines);
        lines.clear();
      });
  // Without this line it is not all.
  transfer.Write(lines + nlohmann::json{{"entries", entries}}.dump() + "\n");
  transfer.FinishReply();
}

void AdminApi::Forget(http::Transfer& transfer) {
  const std::string volume = QueryValue(transfer, "volume").value_or("");
  if (volume.empty()) {
    transfer.Reply(Text(400, "name the volume: /.mkv/forget?volume=HOST:PORT"));
    return;
  }
  const ForgetResult result = ForgetVolume(store_, volume);
  if (result.listed) {
    transfer.Reply(Text(409, volume + " is still in the list of volumes: take it off first"));
    return;
  }
  http::Response response;
  response.Header("Content-Type", "application/json");
  response.body = nlohmann::json{{"forgotten", result.blobs}}.dump() + "\n";
  transfer.Reply(std::move(response));
}

}  // namespace mkv
