// Request heads out of header fields.
#ifndef TESTS_S3_REQUEST_HEADS_H_
#define TESTS_S3_REQUEST_HEADS_H_

#include <string>
#include <utility>
#include <vector>

#include "mkvcore/http/request.h"

namespace mkv::s3 {

using Headers = std::vector<std::pair<std::string, std::string>>;

inline http::RequestHead HeadOf(const Headers& headers) {
  http::RequestHead head;
  for (const auto& [name, value] : headers) head.headers.add(name, value);
  return head;
}

}  // namespace mkv::s3

#endif  // TESTS_S3_REQUEST_HEADS_H_
