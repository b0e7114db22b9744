#include "mkvcore/native/redirect.h"

#include <Poco/URI.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "mkvcore/volumes/signed_link.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

namespace {

// For a client to follow a redirect to a volume that has a key; it may then read as long as it
// takes.
constexpr std::chrono::minutes kLinkLifetime{5};

std::string UrlEncodedPath(const std::string& path) {
  std::string encoded;
  // Poco leaves what RFC 3986 leaves unreserved, and `/`.
  Poco::URI::encode(path, "?#%+;&=,$!'()*@:[]", encoded);
  return encoded;
}

void AnswerMissing(http::Exchange& exchange, const RedirectOptions& options,
                   http::Response response) {
  if (options.fallback.empty()) {
    response.status = 404;
  } else {
    response.status = 302;
    response.Header("Location",
                    "http://" + options.fallback + UrlEncodedPath(exchange.head().path));
  }
  exchange.Reply(std::move(response));
}

}  // namespace

// One request on its way through the replicas.
struct Redirector::Search {
  std::shared_ptr<http::Exchange> exchange;
  std::shared_ptr<KnownRedirect> known;
  std::vector<std::size_t> order;  // of its replicas
  std::size_t next = 0;
  std::vector<std::string> missing_on;  // volumes that do not have it

  // Once, however many they are.
  void ReportMissing(Store& store) const {
    if (!missing_on.empty()) store.ReportBadReplicas(exchange->head().path, missing_on);
  }
};

Redirector::Redirector(LoopVolumeClient& volumes, Store& store, const RedirectOptions& options)
    : store_(store), options_(options), volumes_(volumes), random_(std::random_device{}()) {}

void Redirector::Answer(const std::shared_ptr<http::Exchange>& exchange) {
  http::Response missing;
  std::shared_ptr<KnownRedirect> known = Look(exchange->head().path, missing);
  if (!known) {
    AnswerMissing(*exchange, options_, std::move(missing));
    return;
  }
  const auto search = std::make_shared<Search>();
  search->exchange = exchange;
  search->order = InOrderToAsk(*known);
  search->known = std::move(known);
  TryNext(search);
}

std::shared_ptr<KnownRedirect> Redirector::Look(const std::string& key, http::Response& missing) {
  ObjectEntries entries = store_.ReadEntries(key);
  std::shared_ptr<const Placement> placement = store_.placement();
  if (auto known = known_.Find(key, entries, placement)) return known;
  const std::optional<Object> object = store_.Find(key, entries);
  if (!object) return nullptr;
  if (object->record.unlinked) {
    if (!object->record.hash.empty()) missing.Header("Content-Md5", object->record.hash);
    return nullptr;
  }
  return known_.Learn(*object, std::move(entries), std::move(placement));
}

std::vector<std::size_t> Redirector::InOrderToAsk(const KnownRedirect& known) {
  std::vector<std::size_t> order(known.replicas.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random_);
  const VolumeHealth& health = store_.volumes().health();
  std::partition(order.begin(), order.end(), [&](std::size_t replica) {
    return !health.IsDown(known.replicas[replica].location.volume);
  });
  return order;
}

bool Redirector::IsVerified(const KnownRedirect::Replica& replica) const {
  return options_.verify_ttl.count() > 0 && replica.seen &&
         EventLoop::Clock::now() - *replica.seen < options_.verify_ttl;
}

void Redirector::TryNext(const std::shared_ptr<Search>& search) {
  if (search->next == search->order.size()) {
    search->ReportMissing(store_);
    http::Response response = search->known->response;
    response.status = 404;
    search->exchange->Reply(std::move(response));
    return;
  }
  KnownRedirect::Replica& replica = search->known->replicas[search->order[search->next++]];
  if (IsVerified(replica)) {
    RedirectTo(replica.location, *search);
    return;
  }
  volumes_.Head(replica.location,
                [self = weak_from_this(), search, &replica](const VolumeAnswer& answer) {
                  const std::shared_ptr<Redirector> redirector = self.lock();
                  if (!redirector) return;
                  if (!answer.ok()) {
                    if (answer.missing()) search->missing_on.push_back(replica.location.volume);
                    redirector->TryNext(search);
                    return;
                  }
                  replica.seen = EventLoop::Clock::now();
                  redirector->RedirectTo(replica.location, *search);
                });
}

void Redirector::RedirectTo(const BlobLocation& replica, Search& search) {
  search.ReportMissing(store_);
  std::string url = replica.Url(store_.volumes().options().scheme());
  if (const std::string& key = store_.volumes().options().key; !key.empty()) {
    const auto expires = std::chrono::system_clock::now() + kLinkLifetime;
    url += LinkSignature(replica, std::chrono::system_clock::to_time_t(expires), key);
  }
  http::Response response = search.known->response;
  response.status = 302;
  response.Header("Location", url);
  search.exchange->Reply(std::move(response));
}

}  // namespace mkv
