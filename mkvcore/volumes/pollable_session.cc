#include "mkvcore/volumes/pollable_session.h"

#include <utility>

#include "mkvcore/volumes/curl_loop.h"

namespace mkv {
namespace {

// A timer that does not outlive what its callback refers to, whatever is thrown.
class ScopedTimer {
 public:
  ScopedTimer(EventLoop& loop, EventLoop::Clock::time_point when, std::function<void()> callback)
      : loop_(loop), id_(loop.RunAt(when, std::move(callback))) {}
  ~ScopedTimer() { loop_.Cancel(id_); }
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

 private:
  EventLoop& loop_;
  const EventLoop::TimerId id_;
};

}  // namespace

PollableSession::PollableSession(const VolumeOptions& options)
    : curl_(options), driver_(std::make_shared<CurlLoop>(loop_, curl_.multi(), [this] {
        moved_ = true;
        curl_.Settle();
      })) {}

PollableSession::~PollableSession() { driver_->Close(); }

bool PollableSession::Perform() {
  moved_ = false;
  bool looked = false;
  const ScopedTimer timer(loop_, Clock::now(), [&looked] { looked = true; });
  loop_.RunUntil([&looked] { return looked; });
  return moved_;
}

void PollableSession::PerformUntil(const std::function<bool()>& done, Clock::time_point deadline) {
  bool over = false;
  const ScopedTimer timer(loop_, deadline, [&over] { over = true; });
  loop_.RunUntil([&] { return over || done(); });
}

}  // namespace mkv
