// What a GetObject or HeadObject is answered with, before any byte of the object is read.
#ifndef S3API_RESOURCES_READ_PLAN_H_
#define S3API_RESOURCES_READ_PLAN_H_

#include <cstdint>

#include "mkvcore/http/request.h"
#include "mkvcore/http/response.h"
#include "mkvcore/store/object.h"
#include "s3api/protocol/credentials.h"
#include "s3api/protocol/router.h"

namespace mkv::s3 {

struct ReadPlan {
  http::Response head;
  // The bytes of the object that follow; none for HEAD, 304 and what is empty.
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Conditions, range, overrides and checksums applied to an object whose metadata is known. Pure.
// Throws PreconditionFailed, InvalidRange, InvalidArgument.
ReadPlan PlanRead(const Request& request, const http::RequestHead& head, const Principal* principal,
                  const Object& object);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_READ_PLAN_H_
