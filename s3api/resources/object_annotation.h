// Changing what is said about an object - tags, ACL - while its value stays what it is.
#ifndef S3API_RESOURCES_OBJECT_ANNOTATION_H_
#define S3API_RESOURCES_OBJECT_ANNOTATION_H_

#include <functional>
#include <string_view>

#include "mkvcore/store/object.h"
#include "s3api/resources/call.h"

namespace mkv::s3 {

// `change` may be called more than once, each time with what there is. A value that the original
// wrote, or one of which a volume does not take the sidecar, is written anew with its time kept.
// `permits` is asked for the object that is changed, and throws where it is not allowed; it may be
// empty. Throws NoSuchKey and what a write throws.
void AnnotateObject(Call& call, const std::function<void(const Object& object)>& permits,
                    const std::function<void(format::ObjectMetadata& metadata)>& change);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_OBJECT_ANNOTATION_H_
