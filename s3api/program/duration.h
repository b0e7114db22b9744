// Durations as Go's flag package reads them, which is how the original takes -voltimeout:
// a number with a unit, or several: `1s`, `500ms`, `1m30s`, `1.5h`
// (https://pkg.go.dev/time#ParseDuration).
#ifndef S3API_PROGRAM_DURATION_H_
#define S3API_PROGRAM_DURATION_H_

#include <chrono>
#include <optional>
#include <string_view>

namespace mkv {

// nullopt when it is no duration, or a negative one. Units: h, m, s, ms, us; `0` needs none.
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);

}  // namespace mkv

#endif  // S3API_PROGRAM_DURATION_H_
