// ListObjects, ListObjectsV2 and ListObjectVersions (nothing is versioned: every object is its one
// version, `null`): one page of a bucket's keys, from the index.
//
// The model: the keys of the bucket that begin with the prefix, those with the delimiter after the
// prefix rolled up into one common prefix (up to and with the delimiter), all in order of their
// bytes; of these names, the first max-keys that come after the marker. So a marker inside a common
// prefix skips it whole ("CommonPrefixes is filtered out from results if it is not
// lexicographically greater than the StartAfter value": API reference, ListObjectsV2, delimiter).
//
// Cost: two iterators, over records and over metadata, move in step, so that no key is looked up by
// itself; a common prefix costs one Seek, however many keys it stands for. Where many keys follow
// each other, another thread reads the metadata (metadata_reader.h), if one is free.
//
// Unlinked keys, the gateway's own keys and keys that S3 can not name (keys.h) are in no listing.
// Pure but for reading the index; thread-safe. Throws IndexError when that can not be read.
#ifndef S3API_PROTOCOL_LIST_OBJECTS_H_
#define S3API_PROTOCOL_LIST_OBJECTS_H_

#include <functional>

#include "mkvcore/index/index.h"
#include "s3api/protocol/list_page.h"
#include "s3api/protocol/list_request.h"
#include "s3api/protocol/metadata_reader.h"

namespace mkv::s3 {

ListPage ListObjects(
    const Index& index, const ListRequest& request,
    const TryRun& try_run = [](std::function<void()>&) { return false; });

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_LIST_OBJECTS_H_
