// The query of a request, decoded once: parameters in the order sent, read by name and type.
//
// Names are told apart to the case; of a parameter sent twice the first counts, as in S3.
// Immutable once made, so threads may share it.
#ifndef S3API_PROTOCOL_QUERY_H_
#define S3API_PROTOCOL_QUERY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "s3api/signature/canonical.h"

namespace mkv::s3 {

class Query {
 public:
  Query() = default;
  // As sent, after the '?'; '+' is a space.
  explicit Query(std::string_view raw) : parameters_(DecodeQuery(raw)) {}

  std::span<const QueryParameter> parameters() const { return parameters_; }

  bool Has(std::string_view name) const { return Find(parameters_, name).has_value(); }
  std::optional<std::string_view> Get(std::string_view name) const {
    return Find(parameters_, name);
  }
  // Empty when it is absent: most parameters mean the same either way.
  std::string_view Text(std::string_view name) const { return Get(name).value_or(""); }

  // A number from 0 to 2147483647, cut to `most`; `absent` when it is not there or empty. Throws
  // InvalidArgument.
  int Count(std::string_view name, int absent, int most) const;
  // Throws InvalidArgument unless it lies in [least, most]; nullopt when it is not there.
  std::optional<int> Number(std::string_view name, int least, int most,
                            std::string_view message) const;
  // `true` and nothing else.
  bool Flag(std::string_view name) const { return Get(name) == "true"; }
  // Whether encoding-type=url was asked for. Throws InvalidArgument for any other encoding.
  bool UrlEncoding() const;

 private:
  std::vector<QueryParameter> parameters_;
};

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_QUERY_H_
