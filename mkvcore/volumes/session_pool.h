// Idle sessions with volumes, each with its warm connections, lent to one thread at a time.
#ifndef MKVCORE_VOLUMES_SESSION_POOL_H_
#define MKVCORE_VOLUMES_SESSION_POOL_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace mkv {

// How long a connection to a volume is used and an idle one kept: well below the 75 s after which
// nginx closes it (keepalive_timeout), so that few requests meet a connection that is being closed.
inline constexpr std::chrono::seconds kConnectionAge{30};

// Sessions are made as needed. The one last returned is borrowed first, so that as few as possible
// stay warm; those not borrowed for as long as their connections live are dropped, at the next
// call, whatever it is. Thread-safe.
template <typename Session>
class SessionPool {
 public:
  class Return {
   public:
    explicit Return(SessionPool* pool = nullptr) : pool_(pool) {}
    void operator()(Session* session) const { pool_->GiveBack(std::unique_ptr<Session>(session)); }

   private:
    SessionPool* pool_;
  };
  using Lease = std::unique_ptr<Session, Return>;

  // `make` is called from any thread, by several at once. `age`: how long sessions are kept.
  explicit SessionPool(std::function<std::unique_ptr<Session>()> make,
                       std::chrono::seconds age = kConnectionAge)
      : make_(std::move(make)), age_(age) {}

  // For one operation: goes back when the lease ends, which must be before the pool does.
  Lease Borrow() {
    std::unique_ptr<Session> session;
    std::vector<Idle> expired;
    {
      const std::lock_guard lock(mutex_);
      expired = TakeExpired();
      if (!idle_.empty()) {
        session = std::move(idle_.back().session);
        idle_.pop_back();
      }
    }
    if (session == nullptr) session = make_();
    return Lease(session.release(), Return(this));
  }

  // For pools that nobody may use for long: descriptors are dear.
  void DropExpired() {
    std::vector<Idle> expired;  // ends without the mutex
    const std::lock_guard lock(mutex_);
    expired = TakeExpired();
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::unique_ptr<Session> session;
    Clock::time_point since;
  };

  void GiveBack(std::unique_ptr<Session> session) {
    std::vector<Idle> expired;
    const std::lock_guard lock(mutex_);
    expired = TakeExpired();
    idle_.push_back({std::move(session), Clock::now()});
  }

  std::vector<Idle> TakeExpired() {  // mutex_ held
    const auto limit = Clock::now() - age_;
    const auto first_kept = std::find_if(idle_.begin(), idle_.end(),
                                         [&](const Idle& idle) { return idle.since > limit; });
    std::vector<Idle> expired(std::make_move_iterator(idle_.begin()),
                              std::make_move_iterator(first_kept));
    idle_.erase(idle_.begin(), first_kept);
    return expired;
  }

  const std::function<std::unique_ptr<Session>()> make_;
  const std::chrono::seconds age_;
  std::mutex mutex_;
  std::vector<Idle> idle_;  // in the order of their return
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_SESSION_POOL_H_
