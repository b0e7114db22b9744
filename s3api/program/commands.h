// What the program does, a function a command. Each returns the exit status: 0 when all was done, 1
// when something could not be. What stops a command from starting is thrown (std::exception, with a
// message for people).
#ifndef S3API_PROGRAM_COMMANDS_H_
#define S3API_PROGRAM_COMMANDS_H_

#include <functional>
#include <memory>

#include "mkvcore/http/handler.h"
#include "mkvcore/store/store.h"
#include "s3api/program/command_line.h"

namespace mkv {

// What the server serves, over one store. Made after the store, and gone before it.
class Frontend {
 public:
  virtual ~Frontend() = default;
  virtual http::Handler& handler() = 0;
  // SIGHUP. Throws, and stays as it was, when what is to be read again is wrong.
  virtual void Reload() = 0;
  // Nobody has to say who he is.
  virtual bool open() const = 0;
};
using FrontendFactory =
    std::function<std::unique_ptr<Frontend>(const Options& options, Store& store)>;

// Serves until SIGINT or SIGTERM.
int RunServer(const Options& options, const FrontendFactory& make_frontend);

// Makes the index again from what the volumes hold, with the server down.
int RunRebuild(const Options& options);

// Rebalances every key: here, with the server down, or in the running server that -server names.
int RunRebalance(const Options& options);

// Reads every replica and repairs what is damaged or missing; here or in a running server. 0: all
// was well; 1: it was not finished; 3: damage was found, and repaired; 4: some of it was not.
int RunScrub(const Options& options);

// Lists what differs between index and volumes; here or in a running server. 0: nothing; 1: it was
// not finished, or a volume could not be asked; 3: something.
int RunCheck(const Options& options);

// Copies the index, offline or that of a running server, into a new folder.
int RunBackup(const Options& options);

// Drops what is queued for a volume that will not come back; here or in a running server.
int RunForget(const Options& options);

}  // namespace mkv

#endif  // S3API_PROGRAM_COMMANDS_H_
