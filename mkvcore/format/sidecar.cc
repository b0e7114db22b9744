#include "mkvcore/format/sidecar.h"

#include <google/protobuf/util/json_util.h>

#include <stdexcept>

namespace mkv {

namespace json = google::protobuf::util;

std::string EncodeSidecar(const format::ObjectMetadata& metadata, std::uint64_t revision) {
  format::Sidecar sidecar;
  sidecar.set_revision(revision);
  *sidecar.mutable_metadata() = metadata;
  sidecar.mutable_metadata()->clear_record();
  std::string text;
  if (!json::MessageToJsonString(sidecar, &text).ok()) {
    throw std::logic_error("metadata can not be written as JSON");
  }
  return text;
}

std::optional<format::Sidecar> DecodeSidecar(std::string_view text) {
  json::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  format::Sidecar sidecar;
  const bool parsed = json::JsonStringToMessage({text.data(), text.size()}, &sidecar, options).ok();
  if (!parsed || sidecar.revision() == 0) return std::nullopt;
  return sidecar;
}

}  // namespace mkv
