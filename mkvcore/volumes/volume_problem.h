// Why a volume did not do what it was asked, in words for the person who runs it.
//
// Pure; thread-safe.
#ifndef MKVCORE_VOLUMES_VOLUME_PROBLEM_H_
#define MKVCORE_VOLUMES_VOLUME_PROBLEM_H_

#include <string>

#include "mkvcore/volumes/volume_client.h"

namespace mkv {

// Of a status that is no success: `HTTP status 507`. A 403 names what is most often wrong.
std::string ProblemOf(int status);

// The same, or, of a request that was not answered, what became of it.
std::string ProblemOf(const VolumeAnswer& answer);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_PROBLEM_H_
