#include "mkvcore/event_loop/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mkv {
namespace {

class OwnedFd {
 public:
  OwnedFd(int fd, const char* what) : fd_(fd) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), what);
  }
  ~OwnedFd() { ::close(fd_); }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

struct WatchedSocket {
  std::uint32_t generation;
  std::uint32_t events;
  EventLoop::SocketCallback callback;
};

// What epoll hands back with an event. The generation tells a descriptor from an earlier one of the
// same number, whose event was reported in the same batch.
std::uint64_t Pack(int fd, std::uint32_t generation) {
  return (static_cast<std::uint64_t>(generation) << 32) | static_cast<std::uint32_t>(fd);
}

}  // namespace

class EventLoop::Impl {
 public:
  Impl()
      : epoll_(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"),
        wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd") {
    Watch(wakeup_.get(), EPOLLIN, [this](std::uint32_t) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(wakeup_.get(), &count, sizeof count);
    });
  }

  void Run() {
    RunUntil([this] { return stopping_.load(); });
    Finish();
  }

  void RunUntil(const std::function<bool()>& done) {
    thread_.store(std::this_thread::get_id());
    std::array<epoll_event, 256> events;
    while (!done()) {
      const int ready =
          ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), WaitMillis());
      if (ready < 0 && errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "epoll_wait");
      }
      for (int i = 0; i < ready; ++i) Dispatch(events[static_cast<std::size_t>(i)]);
      RunTimers();
      RunTasks();
    }
  }

  void Stop() {
    stopping_.store(true);
    Wake();
  }

  void Post(std::function<void()> task) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      // A task dropped here is destroyed by the caller's frame, outside the lock.
      if (finished_) return;
      wake = tasks_.empty();
      tasks_.push_back(std::move(task));
    }
    if (wake) Wake();
  }

  void Watch(int fd, std::uint32_t events, SocketCallback callback) {
    const auto slot = static_cast<std::size_t>(fd);
    if (slot >= sockets_.size()) sockets_.resize(std::max(slot + 1, sockets_.size() * 2));
    if (sockets_[slot]) throw std::logic_error("descriptor is watched already");
    auto socket = std::make_unique<WatchedSocket>(
        WatchedSocket{++last_generation_, events, std::move(callback)});
    Control(EPOLL_CTL_ADD, fd, *socket);
    sockets_[slot] = std::move(socket);
  }

  void ChangeWatch(int fd, std::uint32_t events) {
    WatchedSocket* socket = Find(fd);
    if (socket == nullptr || socket->events == events) return;
    socket->events = events;
    Control(EPOLL_CTL_MOD, fd, *socket);
  }

  void Unwatch(int fd) {
    if (Find(fd) == nullptr) return;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    // The callback may be the one that is running: it is destroyed only when it has returned.
    retired_.push_back(std::move(sockets_[static_cast<std::size_t>(fd)]));
  }

  TimerId RunAt(Clock::time_point when, std::function<void()> callback) {
    const TimerId id = ++last_timer_;
    timers_.emplace(std::pair(when, id), std::move(callback));
    timer_times_.emplace(id, when);
    return id;
  }

  void Cancel(TimerId timer) {
    const auto time = timer_times_.find(timer);
    if (time == timer_times_.end()) return;
    timers_.erase(std::pair(time->second, timer));
    timer_times_.erase(time);
  }

  bool InLoopThread() const { return thread_.load() == std::this_thread::get_id(); }

  int fd() const { return epoll_.get(); }

 private:
  WatchedSocket* Find(int fd) {
    const auto slot = static_cast<std::size_t>(fd);
    return fd >= 0 && slot < sockets_.size() ? sockets_[slot].get() : nullptr;
  }

  void Control(int operation, int fd, const WatchedSocket& socket) {
    epoll_event event{};
    event.events = socket.events;
    event.data.u64 = Pack(fd, socket.generation);
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) {
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
  }

  void Wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto put = ::write(wakeup_.get(), &one, sizeof one);
  }

  int WaitMillis() const {
    if (timers_.empty()) return -1;
    const auto wait = timers_.begin()->first.first - Clock::now();
    if (wait <= Clock::duration::zero()) return 0;
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    return static_cast<int>(std::min<std::int64_t>(millis, std::numeric_limits<int>::max()));
  }

  void Dispatch(const epoll_event& event) {
    const int fd = static_cast<int>(event.data.u64 & 0xffffffffU);
    WatchedSocket* socket = Find(fd);
    if (socket != nullptr && Pack(fd, socket->generation) == event.data.u64) {
      socket->callback(event.events);
    }
    DestroyRetired();
  }

  void RunTimers() {
    if (timers_.empty()) return;
    const auto now = Clock::now();
    // A timer set by a callback for now runs in the next round, after the sockets.
    const TimerId newest = last_timer_;
    for (auto timer = timers_.begin(); timer != timers_.end() && timer->first.first <= now;) {
      if (timer->first.second > newest) {
        ++timer;
        continue;
      }
      auto due = timers_.extract(timer);
      timer_times_.erase(due.key().second);
      due.mapped()();
      timer = timers_.begin();
    }
    DestroyRetired();
  }

  void RunTasks() {
    std::vector<std::function<void()>> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (auto& task : tasks) {
      task();
      task = nullptr;
    }
    DestroyRetired();
  }

  // Destroying a callback may unwatch further descriptors.
  void DestroyRetired() {
    while (!retired_.empty()) {
      std::vector<std::unique_ptr<WatchedSocket>> retired;
      retired.swap(retired_);
    }
  }

  void Finish() {
    std::vector<std::function<void()>> tasks;
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
      tasks.swap(tasks_);
    }
    tasks.clear();
    timer_times_.clear();
    const auto timers = std::exchange(timers_, {});
    DestroyRetired();
  }

  OwnedFd epoll_;
  OwnedFd wakeup_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::thread::id> thread_{};

  std::vector<std::unique_ptr<WatchedSocket>> sockets_;  // by descriptor
  std::vector<std::unique_ptr<WatchedSocket>> retired_;
  std::uint32_t last_generation_ = 0;

  std::map<std::pair<Clock::time_point, TimerId>, std::function<void()>> timers_;
  std::unordered_map<TimerId, Clock::time_point> timer_times_;
  TimerId last_timer_ = 0;

  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  bool finished_ = false;                     // guarded by mutex_
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::Run() { impl_->Run(); }
void EventLoop::RunUntil(const std::function<bool()>& done) { impl_->RunUntil(done); }
void EventLoop::Stop() { impl_->Stop(); }
void EventLoop::Post(std::function<void()> task) { impl_->Post(std::move(task)); }
void EventLoop::Watch(int fd, std::uint32_t events, SocketCallback callback) {
  impl_->Watch(fd, events, std::move(callback));
}
void EventLoop::ChangeWatch(int fd, std::uint32_t events) { impl_->ChangeWatch(fd, events); }
void EventLoop::Unwatch(int fd) { impl_->Unwatch(fd); }
EventLoop::TimerId EventLoop::RunAt(Clock::time_point when, std::function<void()> callback) {
  return impl_->RunAt(when, std::move(callback));
}
void EventLoop::Cancel(TimerId timer) { impl_->Cancel(timer); }
bool EventLoop::InLoopThread() const { return impl_->InLoopThread(); }
int EventLoop::fd() const { return impl_->fd(); }

}  // namespace mkv
