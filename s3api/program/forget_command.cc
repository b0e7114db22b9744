#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "mkvcore/store/garbage_collector.h"
#include "s3api/program/admin_client.h"
#include "s3api/program/commands.h"
#include "s3api/program/signals.h"
#include "s3api/program/store_stack.h"

namespace mkv {

int RunForget(const Options& options) {
  // Each key is written by itself, so it may end anywhere.
  const SignalThread signals({}, {});
  const std::string& volume = options.arguments.front();
  std::uint64_t forgotten = 0;
  if (options.server.empty()) {
    StoreStack stack(options);
    const ForgetResult result = ForgetVolume(stack.store(), volume);
    if (result.listed) {
      throw std::runtime_error(volume + " is still in the list of volumes: take it off first");
    }
    forgotten = result.blobs;
  } else {
    AdminClient server(options);
    const std::string answer = server.Post("/.mkv/forget", {{"volume", volume}});
    forgotten = nlohmann::json::parse(answer).at("forgotten").get<std::uint64_t>();
  }
  if (forgotten == 0) {
    std::cout << "nothing waits for " << volume << ": HOST:PORT as records name it is wanted\n";
  } else {
    std::cout << "forgotten: " << forgotten << " blobs that waited for " << volume << "\n";
  }
  return 0;
}

}  // namespace mkv
