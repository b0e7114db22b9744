// How a line of the log looks: time, level, and what there is to say.
//
// Keys and paths in it are any bytes that clients made up. Control characters are written as \xNN,
// so that one message is one line, and nobody but the program writes lines.
#ifndef S3API_PROGRAM_LOG_FORMAT_H_
#define S3API_PROGRAM_LOG_FORMAT_H_

#include <spdlog/common.h>

#include <string_view>

namespace mkv {

// Of the default logger. Once, before threads are started.
void SetLogFormat();

void AppendPrintable(std::string_view message, spdlog::memory_buf_t& line);

}  // namespace mkv

#endif  // S3API_PROGRAM_LOG_FORMAT_H_
