// To whom a bucket or an object belongs, as answers name it.
#ifndef S3API_PROTOCOL_OWNER_H_
#define S3API_PROTOCOL_OWNER_H_

#include <string>

namespace mkv::s3 {

struct Owner {
  std::string id;
  std::string display_name;
};

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_OWNER_H_
