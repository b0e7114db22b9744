// Runs something on an event loop that another thread runs, and waits for it.
#ifndef TESTS_SUPPORT_ON_LOOP_H_
#define TESTS_SUPPORT_ON_LOOP_H_

#include <functional>
#include <future>

#include "mkvcore/event_loop/event_loop.h"

namespace mkv::testing {

inline void RunOnLoop(EventLoop& loop, const std::function<void()>& task) {
  std::promise<void> done;
  loop.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_ON_LOOP_H_
