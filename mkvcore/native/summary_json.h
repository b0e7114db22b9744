// What long admin calls tell of their progress, as JSON: written by the server (admin_api.h), read
// by the program that asked (-server URL).
//
//   {"finished":false,"found":["missing: ..."],"summary":{...}}     a line a second, and at the end
#ifndef MKVCORE_NATIVE_SUMMARY_JSON_H_
#define MKVCORE_NATIVE_SUMMARY_JSON_H_

#include <nlohmann/json.hpp>

#include "mkvcore/store/check.h"
#include "mkvcore/store/scrub.h"

namespace mkv {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ScrubSummary, total, done, bytes, damaged, missing, unreachable,
                                   sidecars, repaired, unrepaired, lost, unverified, interrupted)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CheckSummary, steps, done, keys, files, pending, missing,
                                   wrong_size, sidecars, orphans, foreign, unreadable, unreachable,
                                   interrupted)

}  // namespace mkv

#endif  // MKVCORE_NATIVE_SUMMARY_JSON_H_
