// A native DELETE on its way: what its steps (delete.cc) hand on to one another, on a thread that
// blocks or on an event loop (delete_on_loop.cc). Private to the store.
#ifndef MKVCORE_STORE_DELETE_PLAN_H_
#define MKVCORE_STORE_DELETE_PLAN_H_

#include "mkvcore/store/key_state.h"
#include "mkvcore/store/store.h"

namespace mkv {

struct Store::DeletePlan {
  KeyState state;               // as of the last batch: without the object
  format::PendingBlob garbage;  // its blob, and where that may still lie
};

}  // namespace mkv

#endif  // MKVCORE_STORE_DELETE_PLAN_H_
