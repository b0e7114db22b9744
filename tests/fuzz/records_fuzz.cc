// What is read back from the index and from the volumes: records, metadata, sidecars, nginx's
// listings, blob paths. The first byte chooses.
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "mkvcore/format/blob_path.h"
#include "mkvcore/format/record.h"
#include "mkvcore/format/sidecar.h"
#include "mkvcore/index/index.h"
#include "mkvcore/store/object.h"
#include "mkvcore/volumes/listing_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      if (const auto record = mkv::Record::Decode(bytes)) {
        // What was understood is written back as it was.
        if (record->Encode() != bytes) std::abort();
      }
      break;
    case 1:
      try {
        const std::size_t half = bytes.find('\n');
        if (half == std::string::npos) break;
        const auto object =
            mkv::Object::Decode("/key", bytes.substr(0, half), bytes.substr(half + 1));
        if (object) object->Replicas();
      } catch (const mkv::IndexError&) {
      }
      break;
    case 2:
      mkv::DecodeSidecar(bytes);
      break;
    default:
      try {
        mkv::ParseListing(bytes);
      } catch (const std::runtime_error&) {
      }
      break;
  }
  return 0;
}
