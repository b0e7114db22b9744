#include "mkvcore/store/sidecar_check.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <optional>

#include "mkvcore/format/sidecar.h"

namespace mkv {

namespace {

format::ObjectMetadata Comparable(format::ObjectMetadata metadata) {
  metadata.clear_record();
  metadata.clear_sidecar();
  metadata.DiscardUnknownFields();  // of a newer program: JSON has left them out
  return metadata;
}

}  // namespace

std::uint64_t SidecarRevision(const format::ObjectMetadata& metadata) {
  return static_cast<std::uint64_t>(std::max(metadata.mtime_us(), metadata.annotated_us()));
}

std::string SidecarFor(const format::ObjectMetadata& metadata) {
  return EncodeSidecar(metadata, SidecarRevision(metadata));
}

bool SidecarAgrees(std::string_view json, const format::ObjectMetadata& metadata) {
  const std::optional<format::Sidecar> sidecar = DecodeSidecar(json);
  return sidecar && google::protobuf::util::MessageDifferencer::Equals(
                        Comparable(sidecar->metadata()), Comparable(metadata));
}

}  // namespace mkv
