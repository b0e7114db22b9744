// The XML bodies of every request that has one. The first byte chooses which.
#include <cstdint>
#include <string_view>

#include "s3api/protocol/acl.h"
#include "s3api/protocol/cors.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/request_body.h"
#include "s3api/protocol/tagging.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 6) {
      case 0:
        mkv::s3::ParseCreateBucketConfiguration(body);
        break;
      case 1:
        mkv::s3::ParseDelete(body);
        break;
      case 2:
        mkv::s3::ParseCompleteMultipartUpload(body);
        break;
      case 3:
        mkv::s3::ParseTagging(body, 10);
        break;
      case 4:
        mkv::s3::ParseCorsConfiguration(body);
        break;
      default:
        mkv::s3::ParseAccessControlPolicy(body, "owner");
        break;
    }
  } catch (const mkv::s3::S3Error&) {
  }
  return 0;
}
