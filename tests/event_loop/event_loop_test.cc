#include "mkvcore/event_loop/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mkv {
namespace {

using std::chrono::milliseconds;

class SocketPair {
 public:
  SocketPair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) != 0) {
      throw std::runtime_error("socketpair");
    }
  }
  ~SocketPair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  int watched() const { return ends_[0]; }
  void Ready() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
  void Take() const {
    char byte = 0;
    EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
  }

 private:
  std::array<int, 2> ends_{};
};

EventLoop::Clock::time_point In(int millis) {
  return EventLoop::Clock::now() + milliseconds(millis);
}

TEST(EventLoop, TasksRunInTheOrderPosted) {
  EventLoop loop;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) loop.Post([&order, i] { order.push_back(i); });
  loop.Post([&] { loop.Stop(); });
  loop.Run();
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, EveryTaskOfManyThreadsRunsOnTheLoopsThread) {
  EventLoop loop;
  std::thread runner([&] { loop.Run(); });
  int ran = 0;  // no lock: that is the point
  std::atomic<int> elsewhere{0};
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        loop.Post([&] {
          ++ran;
          if (!loop.InLoopThread()) ++elsewhere;
        });
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  loop.Post([&] { loop.Stop(); });
  runner.join();
  EXPECT_EQ(ran, 4000);
  EXPECT_EQ(elsewhere, 0);
  EXPECT_FALSE(loop.InLoopThread());
}

TEST(EventLoop, StopFromAnotherThreadWakesASleepingLoop) {
  EventLoop loop;
  std::thread runner([&] { loop.Run(); });
  std::this_thread::sleep_for(milliseconds(20));
  loop.Stop();
  runner.join();
}

TEST(EventLoop, TasksThatNeverRunAreDestroyedWhenTheLoopEnds) {
  EventLoop loop;
  const auto held = std::make_shared<int>(1);
  loop.Post([&] { loop.Stop(); });
  loop.Post([&loop, held] { loop.Post([held] {}); });
  loop.Run();
  loop.Post([held] {});
  EXPECT_EQ(held.use_count(), 1);
}

TEST(EventLoop, TimersRunInTheOrderOfTheirTimesAndNotBefore) {
  EventLoop loop;
  std::vector<int> order;
  const auto begin = EventLoop::Clock::now();
  loop.RunAt(begin + milliseconds(30), [&] {
    order.push_back(30);
    EXPECT_GE(EventLoop::Clock::now(), begin + milliseconds(30));
    loop.Stop();
  });
  loop.RunAt(begin + milliseconds(10), [&] { order.push_back(10); });
  loop.RunAt(begin + milliseconds(20), [&] { order.push_back(20); });
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{10, 20, 30}));
}

TEST(EventLoop, ACancelledTimerNeverRunsEvenWhenDueTogetherWithItsCanceller) {
  EventLoop loop;
  const auto when = In(10);
  EventLoop::TimerId second = 0;
  bool ran = false;
  const auto first = loop.RunAt(when, [&] { loop.Cancel(second); });
  second = loop.RunAt(when, [&] { ran = true; });
  loop.RunAt(In(20), [&] {
    loop.Cancel(first);  // has run: nothing happens
    loop.Stop();
  });
  loop.Run();
  EXPECT_FALSE(ran);
}

TEST(EventLoop, ATimerThatSetsItselfAgainDoesNotStarveTheLoop) {
  EventLoop loop;
  std::function<void()> again = [&] { loop.RunAt(EventLoop::Clock::now(), again); };
  again();
  bool reported = false;
  const SocketPair pair;
  loop.Watch(pair.watched(), EPOLLIN, [&](std::uint32_t) {
    reported = true;
    loop.Stop();
  });
  pair.Ready();
  loop.Run();
  EXPECT_TRUE(reported);
}

TEST(EventLoop, AReadySocketIsReportedUntilItIsRead) {
  EventLoop loop;
  const SocketPair pair;
  int reports = 0;
  loop.Watch(pair.watched(), EPOLLIN, [&](std::uint32_t events) {
    EXPECT_NE(events & EPOLLIN, 0U);
    if (++reports == 3) pair.Take();
  });
  pair.Ready();
  loop.RunAt(In(50), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(reports, 3);
}

TEST(EventLoop, ChangeWatchSilencesAndWakesASocket) {
  EventLoop loop;
  const SocketPair pair;
  int reports = 0;
  loop.Watch(pair.watched(), 0, [&](std::uint32_t) {
    ++reports;
    loop.ChangeWatch(pair.watched(), 0);
  });
  pair.Ready();
  loop.RunAt(In(20), [&] {
    EXPECT_EQ(reports, 0);
    loop.ChangeWatch(pair.watched(), EPOLLIN);
  });
  loop.RunAt(In(60), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(reports, 1);
}

TEST(EventLoop, NoCallbackRunsAfterUnwatchThoughEpollHasReportedBoth) {
  EventLoop loop;
  const SocketPair a;
  const SocketPair b;
  int reports = 0;
  const auto unwatch_both = [&](std::uint32_t) {
    ++reports;
    loop.Unwatch(a.watched());
    loop.Unwatch(b.watched());
  };
  loop.Watch(a.watched(), EPOLLIN, unwatch_both);
  loop.Watch(b.watched(), EPOLLIN, unwatch_both);
  a.Ready();
  b.Ready();
  loop.RunAt(In(30), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(reports, 1);
}

TEST(EventLoop, AnEventOfAnEarlierWatchDoesNotReachALaterOneOfTheSameDescriptor) {
  EventLoop loop;
  const SocketPair a;
  const SocketPair b;
  std::vector<std::uint32_t> later;
  const auto replace_other = [&](int self, int other) {
    return [&loop, &later, self, other](std::uint32_t) {
      loop.Unwatch(self);
      loop.Unwatch(other);
      loop.Watch(other, EPOLLOUT, [&loop, &later, other](std::uint32_t events) {
        later.push_back(events);
        loop.Unwatch(other);
      });
    };
  };
  loop.Watch(a.watched(), EPOLLIN, replace_other(a.watched(), b.watched()));
  loop.Watch(b.watched(), EPOLLIN, replace_other(b.watched(), a.watched()));
  a.Ready();
  b.Ready();
  loop.RunAt(In(30), [&] { loop.Stop(); });
  loop.Run();
  ASSERT_FALSE(later.empty());
  for (const std::uint32_t events : later) EXPECT_EQ(events, std::uint32_t{EPOLLOUT});
}

TEST(EventLoop, ACallbackMayUnwatchItselfAndStillUseWhatItCaptured) {
  EventLoop loop;
  const SocketPair pair;
  const auto captured = std::make_shared<int>(0);
  loop.Watch(pair.watched(), EPOLLIN, [&loop, &pair, captured](std::uint32_t) {
    loop.Unwatch(pair.watched());
    ++*captured;
    loop.Stop();
  });
  pair.Ready();
  loop.Run();
  EXPECT_EQ(*captured, 1);
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(EventLoop, RunUntilMayBeCalledAgainAndByAnotherThread) {
  EventLoop loop;
  const SocketPair pair;
  int ready = 0;
  int timers = 0;
  loop.Watch(pair.watched(), EPOLLIN, [&](std::uint32_t) {
    pair.Take();
    ++ready;
  });
  loop.RunUntil([] { return true; });
  pair.Ready();
  loop.RunUntil([&] { return ready == 1; });
  loop.RunAt(In(10), [&] { ++timers; });
  // What comes between is seen the next time.
  pair.Ready();
  std::thread([&] { loop.RunUntil([&] { return ready == 2 && timers == 1; }); }).join();
  EXPECT_EQ(ready, 2);
  EXPECT_EQ(timers, 1);
}

TEST(EventLoop, WatchingADescriptorTwiceIsRefused) {
  EventLoop loop;
  const SocketPair pair;
  loop.Watch(pair.watched(), EPOLLIN, [](std::uint32_t) {});
  EXPECT_THROW(loop.Watch(pair.watched(), EPOLLIN, [](std::uint32_t) {}), std::logic_error);
}

}  // namespace
}  // namespace mkv
