// Core files hold whatever the process held: access keys, the volume key, what clients sent.
#ifndef MKVCORE_SECRETS_CORE_DUMPS_H_
#define MKVCORE_SECRETS_CORE_DUMPS_H_

namespace mkv {

// From now on this process leaves no core file, not even by a core_pattern that pipes to a program
// (which RLIMIT_CORE does not keep from being run), and other processes of its user can neither
// trace it nor read its memory or environment (prctl(2), PR_SET_DUMPABLE). Does nothing in a build
// with sanitizers, which have to look into the process themselves.
void ForbidCoreDumps();

}  // namespace mkv

#endif  // MKVCORE_SECRETS_CORE_DUMPS_H_
