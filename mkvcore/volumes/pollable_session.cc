#include "mkvcore/volumes/pollable_session.h"

#include "mkvcore/volumes/curl_loop.h"

namespace mkv {

PollableSession::PollableSession(const VolumeOptions& options)
    : curl_(options), driver_(std::make_shared<CurlLoop>(loop_, curl_.multi(), [this] {
        moved_ = true;
        curl_.Settle();
      })) {}

PollableSession::~PollableSession() { driver_->Close(); }

bool PollableSession::Perform() {
  moved_ = false;
  bool looked = false;
  loop_.RunAt(Clock::now(), [&looked] { looked = true; });
  loop_.RunUntil([&looked] { return looked; });
  return moved_;
}

void PollableSession::PerformUntil(const std::function<bool()>& done, Clock::time_point deadline) {
  bool over = false;
  const EventLoop::TimerId timer = loop_.RunAt(deadline, [&over] { over = true; });
  loop_.RunUntil([&] { return over || done(); });
  loop_.Cancel(timer);
}

}  // namespace mkv
