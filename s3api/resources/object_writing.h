// PutObject between its request and its answer, whoever reads the body and writes the replicas: a
// worker, or an event loop.
#ifndef S3API_RESOURCES_OBJECT_WRITING_H_
#define S3API_RESOURCES_OBJECT_WRITING_H_

#include "index_entries.pb.h"
#include "mkvcore/http/response.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/source.h"
#include "s3api/protocol/conditions.h"
#include "s3api/resources/call.h"
#include "s3api/signature/payload_source.h"

namespace mkv::s3 {

class ObjectWriting {
 public:
  // Throws what is wrong with the request: S3Error, PayloadError. `call` and `body` outlive it.
  ObjectWriting(const CallContext& call, Source& body);
  ObjectWriting(const ObjectWriting&) = delete;
  ObjectWriting& operator=(const ObjectWriting&) = delete;

  // The value: the body decoded, and checked as it is read.
  Source& value() { return source_; }
  // What to ask of the store. Refers to this.
  Store::ReplaceRequest Request();
  // Throws S3Error unless it is done.
  http::Response Answer(const Store::PutResult& result) const;

 private:
  const CallContext& call_;
  const WriteConditions conditions_;
  const format::ObjectMetadata described_;
  PayloadSource source_;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_OBJECT_WRITING_H_
