#include "mkvcore/native/redirect.h"

#include <Poco/URI.h>

#include <algorithm>
#include <utility>

#include "mkvcore/volumes/signed_link.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

namespace {

// Verified replicas remembered by one loop; beyond it all are forgotten, which costs a HEAD each.
constexpr std::size_t kMaxVerified = 100'000;

// For a client to follow a redirect to a volume that has a key; it may then read as long as it
// takes.
constexpr std::chrono::minutes kLinkLifetime{5};

std::string Join(const std::vector<std::string>& volumes) {
  std::string joined;
  for (const std::string& volume : volumes) {
    if (!joined.empty()) joined += ',';
    joined += volume;
  }
  return joined;
}

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
  http::Response response;  // the headers that every answer to this request carries
  std::vector<BlobLocation> replicas;
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
  const std::string& key = exchange->head().path;
  const std::optional<Object> object = store_.Find(key);
  http::Response response;
  if (object && !object->record.hash.empty()) response.Header("Content-Md5", object->record.hash);
  if (!object || object->record.unlinked) {
    AnswerMissing(*exchange, options_, std::move(response));
    return;
  }
  const bool balanced = object->record.volumes == store_.placement()->Choose(key);
  response.Header("Key-Balance", balanced ? "balanced" : "unbalanced");
  response.Header("Key-Volumes", Join(object->record.volumes));

  const auto search = std::make_shared<Search>();
  search->exchange = exchange;
  search->response = std::move(response);
  search->replicas = InOrderToAsk(*object);
  TryNext(search);
}

std::vector<BlobLocation> Redirector::InOrderToAsk(const Object& object) {
  std::vector<BlobLocation> replicas = object.Replicas();
  std::shuffle(replicas.begin(), replicas.end(), random_);
  const VolumeHealth& health = store_.volumes().health();
  std::stable_partition(replicas.begin(), replicas.end(), [&health](const BlobLocation& replica) {
    return !health.IsDown(replica.volume);
  });
  return replicas;
}

void Redirector::TryNext(const std::shared_ptr<Search>& search) {
  if (search->next == search->replicas.size()) {
    search->ReportMissing(store_);
    search->response.status = 404;
    search->exchange->Reply(std::move(search->response));
    return;
  }
  const BlobLocation& replica = search->replicas[search->next++];
  if (IsVerified(replica.Url())) {
    RedirectTo(replica, *search);
    return;
  }
  volumes_.Head(replica, [self = weak_from_this(), search, replica](const VolumeAnswer& answer) {
    const std::shared_ptr<Redirector> redirector = self.lock();
    if (!redirector) return;
    if (!answer.ok()) {
      if (answer.missing()) search->missing_on.push_back(replica.volume);
      redirector->TryNext(search);
      return;
    }
    redirector->NoteVerified(replica.Url());
    redirector->RedirectTo(replica, *search);
  });
}

void Redirector::RedirectTo(const BlobLocation& replica, Search& search) {
  search.ReportMissing(store_);
  std::string url = replica.Url(store_.volumes().options().scheme());
  if (const std::string& key = store_.volumes().options().key; !key.empty()) {
    const auto expires = std::chrono::system_clock::now() + kLinkLifetime;
    url += LinkSignature(replica, std::chrono::system_clock::to_time_t(expires), key);
  }
  search.response.status = 302;
  search.response.Header("Location", url);
  search.exchange->Reply(std::move(search.response));
}

bool Redirector::IsVerified(const std::string& url) {
  if (options_.verify_ttl.count() == 0) return false;
  const auto found = verified_.find(url);
  return found != verified_.end() && EventLoop::Clock::now() - found->second < options_.verify_ttl;
}

void Redirector::NoteVerified(const std::string& url) {
  if (options_.verify_ttl.count() == 0) return;
  if (verified_.size() >= kMaxVerified) verified_.clear();
  verified_[url] = EventLoop::Clock::now();
}

}  // namespace mkv
