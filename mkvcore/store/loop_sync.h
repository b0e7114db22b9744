// Syncs the index for those who must not wait for a disk: changes made on an event loop that are
// to survive a power cut before something else is done.
//
// One for each loop, with a thread that does the waiting. What is asked while a sync is under way
// shares the next one; so do the loops of a server (Index::Sync).
#ifndef MKVCORE_STORE_LOOP_SYNC_H_
#define MKVCORE_STORE_LOOP_SYNC_H_

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/index/index.h"

namespace mkv {

class LoopSync {
 public:
  // `failed` is what the index threw, or null.
  using Done = std::function<void(const std::exception_ptr& failed)>;

  // Both outlive it.
  LoopSync(EventLoop& loop, Index& index);
  // Waits for the sync under way. Who was not told by then is not told.
  ~LoopSync();
  LoopSync(const LoopSync&) = delete;
  LoopSync& operator=(const LoopSync&) = delete;

  // `done` runs on the loop, and never inside this call, once all that was written to the index so
  // far survives a power cut. Loop thread only.
  void AfterSync(Done done);

 private:
  void Run(const std::weak_ptr<int>& alive);

  EventLoop& loop_;
  Index& index_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Done> waiting_;
  bool ending_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // of the loop's thread
  std::thread thread_;                                    // last: it uses all of the above
};

}  // namespace mkv

#endif  // MKVCORE_STORE_LOOP_SYNC_H_
