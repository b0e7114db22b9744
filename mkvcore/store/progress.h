// Shows how far a long command is: one line that is written over and over on a terminal, plain
// lines every few seconds elsewhere (a log, a pipe).
//
//   rebuild: 12,345 of 65,536 folders (18%), 812/s, 1m 05s left; 99,870 keys
//
// One thread.
#ifndef MKVCORE_STORE_PROGRESS_H_
#define MKVCORE_STORE_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace mkv {

// "12,345"
std::string WithThousands(std::uint64_t number);

// The line, without an end of line. `rest` is appended after a semicolon, if there is any.
std::string ProgressLine(std::string_view task, std::string_view unit, std::uint64_t done,
                         std::uint64_t total, std::chrono::duration<double> elapsed,
                         std::string_view rest);

class Progress {
 public:
  // `task` begins the line, `unit` is what is counted. `out` stays open longer than this.
  Progress(std::string task, std::string unit, std::FILE* out = stdout);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // May be called as often as one likes: it writes five times a second at most on a terminal,
  // every five seconds elsewhere.
  void Show(std::uint64_t done, std::uint64_t total, std::string_view rest);
  // A line of its own, at once.
  void Print(std::string_view line);
  // Writes the last state, if it was not written yet, and ends the line.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;
  void Write();

  const std::string task_;
  const std::string unit_;
  std::FILE* const out_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point written_at_ = start_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::string rest_;
  bool unwritten_ = false;
  bool in_line_ = false;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_PROGRESS_H_
