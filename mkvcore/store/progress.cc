#include "mkvcore/store/progress.h"

#include <unistd.h>

#include <cmath>

namespace mkv {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{200};
constexpr std::chrono::seconds kLogInterval{5};
constexpr std::string_view kEraseToEndOfLine = "\x1b[K";  // ECMA-48, EL

std::string Duration(double seconds) {
  const auto whole = static_cast<unsigned long long>(std::ceil(seconds));
  char text[48];
  if (whole < 60) {
    std::snprintf(text, sizeof text, "%llus", whole);
  } else if (whole < 3600) {
    std::snprintf(text, sizeof text, "%llum %02llus", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lluh %02llum", whole / 3600, whole / 60 % 60);
  }
  return text;
}

}  // namespace

std::string WithThousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string ProgressLine(std::string_view task, std::string_view unit, std::uint64_t done,
                         std::uint64_t total, std::chrono::duration<double> elapsed,
                         std::string_view rest) {
  std::string line(task);
  line.append(": ").append(WithThousands(done));
  if (total > 0) line.append(" of ").append(WithThousands(total));
  line.append(" ").append(unit);
  if (total > 0) line.append(" (").append(std::to_string(done * 100 / total)).append("%)");
  if (done > 0 && elapsed.count() > 0) {
    const double rate = static_cast<double>(done) / elapsed.count();
    line.append(", ").append(WithThousands(static_cast<std::uint64_t>(rate))).append("/s");
    if (done < total) {
      line.append(", ").append(Duration(static_cast<double>(total - done) / rate)).append(" left");
    }
  }
  if (!rest.empty()) line.append("; ").append(rest);
  return line;
}

Progress::Progress(std::string task, std::string unit, std::FILE* out)
    : task_(std::move(task)),
      unit_(std::move(unit)),
      out_(out),
      terminal_(isatty(fileno(out)) == 1) {}

Progress::~Progress() { Finish(); }

void Progress::Show(std::uint64_t done, std::uint64_t total, std::string_view rest) {
  done_ = done;
  total_ = total;
  rest_ = rest;
  unwritten_ = true;
  const auto since = Clock::now() - written_at_;
  if (terminal_ ? since >= kTerminalInterval : since >= kLogInterval) Write();
}

void Progress::Finish() {
  if (unwritten_) Write();
  if (in_line_) std::fputc('\n', out_);
  in_line_ = false;
  std::fflush(out_);
}

void Progress::Print(std::string_view line) {
  std::string text = in_line_ ? "\r" + std::string(kEraseToEndOfLine) : "";
  in_line_ = false;
  text.append(line).append("\n");
  std::fputs(text.c_str(), out_);
  std::fflush(out_);
}

void Progress::Write() {
  written_at_ = Clock::now();
  unwritten_ = false;
  std::string line = terminal_ ? "\r" : "";
  line.append(ProgressLine(task_, unit_, done_, total_, written_at_ - start_, rest_))
      .append(terminal_ ? kEraseToEndOfLine : "\n");
  in_line_ = terminal_;
  std::fputs(line.c_str(), out_);
  std::fflush(out_);
}

}  // namespace mkv
