// One S3 request: routed, authenticated and authorised, on its way through the function that serves
// its operation.
#ifndef S3API_RESOURCES_CALL_H_
#define S3API_RESOURCES_CALL_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/handler.h"
#include "mkvcore/http/worker_pool.h"
#include "mkvcore/store/replica_repairer.h"
#include "mkvcore/store/store.h"
#include "s3api/multipart/multipart.h"
#include "s3api/multipart/transfer_slots.h"
#include "s3api/protocol/credentials.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/router.h"
#include "s3api/resources/bucket_registry.h"
#include "s3api/signature/authenticator.h"
#include "s3api/signature/chunk_signer.h"
#include "s3api/signature/payload_hash.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {

inline constexpr std::string_view kDefaultRegion = "us-east-1";
inline constexpr const char* kBucketRegion = "x-amz-bucket-region";  // the header that tells it

struct S3Options {
  std::string domain;  // -domain: buckets are also named in the Host; empty: path style only
  std::string region;  // -region: the only one accepted; empty: any
  bool implicit_buckets =
      false;  // -implicit-buckets: a PUT into a bucket that is not there makes it
  // -whitespace-interval: between two signs of life of a long answer, and before the first.
  std::chrono::milliseconds whitespace_interval{5000};
  MultipartOptions multipart;

  std::string_view told_region() const {
    return region.empty() ? kDefaultRegion : std::string_view(region);
  }
};

// Forms whose fields are waited for at once. Who sends them is known by these alone, and each takes
// a worker meanwhile: a stranger must not take all there are.
inline constexpr unsigned kMaxFormsWaitedFor = 64;

// Long XML bodies that are taken apart at once: the tree of one can have 25 MB, and is there for
// milliseconds.
inline constexpr unsigned kMaxBodiesParsed = 4;

// What all operations stand on. Outlives every Call; thread-safe.
struct Service {
  Store& store;
  BucketRegistry& buckets;
  ReplicaRepairer& repairer;
  Multipart& multipart;
  const S3Options& options;
  // For forms, whose signature is in their body; everything else is authenticated before.
  const CurrentCredentials& credentials;
  Authenticator& authenticator;
  http::WorkerPool& readers;  // second threads for listings
  TransferSlots& form_slots;
  TransferSlots& parse_slots;
};

// What is known of a request, but for how it is answered.
struct CallContext {
  Service& service;
  const Request& request;
  const http::RequestHead& head;
  const RequestView& view;
  const Principal* principal;  // nullptr: nobody signed the request
  // What the signature says of the body.
  const PayloadHash& payload;
  const std::optional<ChunkSigner>& chunk_signer;
  // Of the request, where it names one that exists.
  const std::optional<Bucket>& bucket;

  // The user's name; empty for nobody, and for everyone where the server is open.
  std::string User() const { return principal != nullptr ? principal->user : std::string(); }

  // The key of the store that the request names.
  std::string StoreKey() const { return s3::StoreKey(request.bucket, request.key); }
};

// On a worker thread.
struct Call : CallContext {
  http::Transfer& transfer;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_CALL_H_
