// One epoll loop on one thread: sockets, timers, and work posted from other threads.
//
// The server runs one EventLoop per core. Everything registered with a loop is called back on the
// thread that runs it, so what lives on a loop needs no locks; only Post() and Stop() may be called
// from elsewhere. Callbacks must not block: a callback that waits holds up every connection of the
// loop. Callbacks must not throw: an exception leaves Run().
#ifndef MKVCORE_EVENT_LOOP_EVENT_LOOP_H_
#define MKVCORE_EVENT_LOOP_EVENT_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace mkv {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using TimerId = std::uint64_t;
  // `events` is the epoll mask that is ready (EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR ...).
  using SocketCallback = std::function<void(std::uint32_t events)>;

  // Throws std::system_error when the process is out of descriptors.
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop(). The calling thread becomes the loop's thread. Once it has returned, tasks
  // and timers that have not run are destroyed, as is whatever is posted later.
  void Run();

  // Runs until `done()` says so, which is asked before the first round of callbacks and after each:
  // for a thread that lends itself to the loop while it waits for something. May be called again
  // and again, by one thread at a time, where Run() is not: that one is then the loop's
  // thread, between two calls too. The descriptors stay watched.
  void RunUntil(const std::function<bool()>& done);

  // Makes Run() return after the callbacks under way. Any thread.
  void Stop();

  // Runs `task` on the loop's thread, in the order posted. Any thread.
  void Post(std::function<void()> task);

  // Watches a descriptor (level-triggered) or changes what is watched. Loop thread only (or before
  // Run()). EPOLLHUP and EPOLLERR are always reported, even with a mask of 0. Throws
  // std::system_error when the kernel refuses the descriptor, std::logic_error when it is watched
  // already.
  void Watch(int fd, std::uint32_t events, SocketCallback callback);
  void ChangeWatch(int fd, std::uint32_t events);
  // After this no callback for `fd` runs any more, even one already reported by epoll. Does nothing
  // when it is not watched. Call it before closing the descriptor.
  void Unwatch(int fd);

  // Runs `callback` once, not before `when`. Loop thread only (or before Run()). Resolution: 1 ms.
  // Ids are never 0 and never used twice.
  TimerId RunAt(Clock::time_point when, std::function<void()> callback);
  // Does nothing when the timer has already run.
  void Cancel(TimerId timer);

  bool InLoopThread() const;

  // Readable (poll(2)) while a round would call something back, but for timers that are due: for
  // who runs the loop by RunUntil() and waits for other things, too.
  int fd() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mkv

#endif  // MKVCORE_EVENT_LOOP_EVENT_LOOP_H_
