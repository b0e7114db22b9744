#include "mkvcore/native/key_listing.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/record.h"
#include "mkvcore/native/go_json.h"

namespace mkv {

namespace {

constexpr std::size_t kPieceBytes = 64 << 10;
// So often a walk looks whether the server wants to stop: it may pass over many keys in silence.
constexpr unsigned kKeysBetweenLooks = 4096;

// The first value of `name`, as Go's url.Values.Get; pairs that can not be decoded are left out.
std::string QueryValue(std::string_view raw_query, std::string_view name) {
  while (!raw_query.empty()) {
    const std::string_view pair = raw_query.substr(0, raw_query.find('&'));
    raw_query.remove_prefix(std::min(pair.size() + 1, raw_query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) continue;
    std::string value(pair.substr(std::min(equals + 1, pair.size())));
    std::replace(value.begin(), value.end(), '+', ' ');
    try {
      std::string decoded;
      Poco::URI::decode(value, decoded);
      return decoded;
    } catch (const Poco::SyntaxException&) {
      continue;
    }
  }
  return {};
}

// Walks the keys that the listing shows, until `visit` returns false. Throws TransferError when the
// server has waited for it long enough.
void ForEachKey(Index::Iterator& entries, std::string_view prefix, const KeyListingQuery& query,
                const http::Transfer& transfer,
                const std::function<bool(std::string_view key)>& visit) {
  entries.Seek(std::max<std::string_view>(query.start, prefix));
  for (unsigned i = 1; entries.Valid() && entries.key().starts_with(prefix); entries.Next(), ++i) {
    if (i % kKeysBetweenLooks == 0) transfer.ThrowIfBreakingOff();
    if (IsReservedKey(entries.key())) continue;
    const std::optional<Record> record = Record::Decode(entries.value());
    if (!record || record->unlinked != query.unlinked) continue;
    if (query.visible && !query.visible(entries.key())) continue;
    if (!visit(entries.key())) break;
  }
  entries.Check();
}

}  // namespace

KeyListingRequest ParseKeyListing(std::string_view raw_query) {
  KeyListingRequest request;
  const std::string_view operation = raw_query.substr(0, raw_query.find('&'));
  if (operation != "list" && operation != "unlinked") {
    request.status = 403;
    return request;
  }
  request.query.unlinked = operation == "unlinked";
  request.query.start = QueryValue(raw_query, "start");
  const std::string limit = QueryValue(raw_query, "limit");
  if (!limit.empty()) {
    // As Go's strconv.Atoi, which takes a sign.
    const char* begin = limit.data() + (limit.front() == '+' ? 1 : 0);
    const char* const end = limit.data() + limit.size();
    const auto [rest, error] = std::from_chars(begin, end, request.query.limit);
    if (error != std::errc{} || rest != end || limit.starts_with("+-")) request.status = 400;
  }
  return request;
}

void ListKeys(const Index& index, std::string_view prefix, const KeyListingQuery& query,
              http::Transfer& transfer) {
  // The answer begins with `next`, so the keys are walked twice, over the same snapshot.
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  std::int64_t count = 0;
  std::string next;
  bool too_many = false;
  ForEachKey(*entries, prefix, query, transfer, [&](std::string_view key) {
    if (count > kMaxListedKeys) {
      too_many = true;
      return false;
    }
    if (query.limit > 0 && count == query.limit) {
      next = key;
      return false;
    }
    ++count;
    return true;
  });
  http::Response response;
  if (too_many) {
    response.status = 413;
    response.body = "more than " + std::to_string(kMaxListedKeys) +
                    " keys: give a limit, and go on from \"next\" with start\n";
    transfer.Reply(std::move(response));
    return;
  }

  response.Header("Content-Type", "application/json");
  std::string json = "{\"next\":";
  AppendGoJsonString(next, &json);
  json += ",\"keys\":[";
  std::int64_t written = 0;
  const auto write = [&](std::string_view key) {
    if (written++ > 0) json += ',';
    AppendGoJsonString(key, &json);
    if (json.size() >= kPieceBytes) {
      if (!transfer.replied()) transfer.StartReply(response, std::nullopt);
      transfer.Write(json);
      json.clear();
    }
    return written < count;
  };
  if (count > 0) ForEachKey(*entries, prefix, query, transfer, write);
  json += "]}";
  if (transfer.replied()) {
    transfer.Write(json);
    transfer.FinishReply();
  } else {
    response.body = std::move(json);
    transfer.Reply(std::move(response));
  }
}

}  // namespace mkv
