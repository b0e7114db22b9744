// The XML of a page: ListBucketResult, or ListVersionsResult.
//
// Pure.
#ifndef S3API_PROTOCOL_LIST_DOCUMENT_H_
#define S3API_PROTOCOL_LIST_DOCUMENT_H_

#include <string>
#include <string_view>

#include "s3api/protocol/list_page.h"
#include "s3api/protocol/list_request.h"
#include "s3api/protocol/owner.h"

namespace mkv::s3 {

// `owner` is the bucket's.
std::string ListObjectsDocument(const ListRequest& request, const ListPage& page,
                                const Owner& owner);

// encoding-type=url as S3 does it: all but letters, digits and `-_.*/` as %XX, a space as `+`.
std::string ListingUrlEncode(std::string_view text);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_LIST_DOCUMENT_H_
