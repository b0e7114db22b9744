#include "s3api/resources/object_annotation.h"

#include <memory>
#include <optional>
#include <string>

#include "mkvcore/store/value_reader.h"
#include "mkvcore/volumes/memory_source.h"
#include "s3api/protocol/error.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"
#include "s3api/resources/replica_source.h"

namespace mkv::s3 {

namespace {

// kExists: somebody else changed it meanwhile.
Store::PutResult WriteAnew(Call& call, const Object& source,
                           const std::function<void(format::ObjectMetadata&)>& change) {
  Store& store = call.service.store;
  Store::ReplaceRequest request;
  request.rewrites = true;
  request.condition = [&source](const std::optional<Object>& current) {
    return current && IsUnchanged(*current, source) ? Outcome::kDone : Outcome::kExists;
  };
  std::string read_from;  // the volume
  request.describe = [&](format::ObjectMetadata& metadata) {
    try {
      CheckCopied(source, metadata);
    } catch (const ReadError&) {
      if (!read_from.empty()) store.ReportBadReplicas(source.key, {read_from});
      throw;
    }
    if (!read_from.empty() && !KnowsDigest(source)) {
      CompareWithAnother(store, source, {read_from, "", metadata.size(), metadata.crc32c()}, {});
    }
    format::ObjectMetadata kept = source.known();
    kept.set_size(metadata.size());
    kept.set_generation(metadata.generation());
    kept.set_crc32c(metadata.crc32c());
    kept.set_md5(metadata.md5());
    kept.set_sidecar(false);
    change(kept);
    metadata = std::move(kept);
  };
  request.sidecar = SidecarOf;
  if (source.known().size() == 0) {
    MemorySource empty{std::string()};
    return store.Replace(source.key, empty, request);
  }
  request.meanwhile = [&call] { call.transfer.ThrowIfBreakingOff(); };
  const std::unique_ptr<BlobSource> replica = OpenReplica(store, source);
  read_from = replica->blob().volume;
  return store.Replace(source.key, *replica, request);
}

}  // namespace

void AnnotateObject(Call& call, const std::function<void(const Object& object)>& permits,
                    const std::function<void(format::ObjectMetadata& metadata)>& change) {
  Store& store = call.service.store;
  Store::ReplaceRequest request;
  request.annotates = true;
  request.condition = [&permits](const std::optional<Object>& current) {
    if (current && permits) permits(*current);
    return Outcome::kDone;
  };
  request.describe = change;
  request.sidecar = SidecarOf;
  constexpr int kMaxRounds = 10;  // in each, somebody else replaced the value
  for (int round = 0; round < kMaxRounds; ++round) {
    Outcome outcome = store.UpdateMetadata(call.StoreKey(), request).outcome;
    if (outcome != Outcome::kImpossible && outcome != Outcome::kVolumesFailed) {
      return ThrowUnlessDone(outcome, call);
    }
    const Object source = RequireObject(store, call.StoreKey(), call.request.key);
    if (permits) permits(source);
    outcome = WriteAnew(call, source, change).outcome;
    if (outcome != Outcome::kExists) return ThrowUnlessDone(outcome, call);
  }
  throw S3Error(ErrorCode::kOperationAborted);
}

}  // namespace mkv::s3
