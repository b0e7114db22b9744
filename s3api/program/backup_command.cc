#include <atomic>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "mkvcore/format/base64.h"
#include "mkvcore/store/backup.h"
#include "mkvcore/store/progress.h"
#include "mkvcore/store/volume_walk.h"
#include "s3api/program/admin_client.h"
#include "s3api/program/commands.h"
#include "s3api/program/signals.h"

namespace mkv {

namespace {

std::uint64_t CopyFromHere(const Options& options, BackupWriter& copy,
                           const std::atomic<bool>& stop) {
  LevelDbOptions how;
  how.create_if_missing = false;
  const auto index = LevelDbIndex::Open(options.db, how);
  return CopyIndex(*index, stop,
                   [&copy](std::string_view key, std::string_view value) { copy.Add(key, value); });
}

std::uint64_t CopyFromServer(const Options& options, BackupWriter& copy,
                             const std::atomic<bool>& stop) {
  std::uint64_t entries = 0;
  std::optional<std::uint64_t> all;  // as the server says at its end
  const auto bytes_of = [](const nlohmann::json& json, const char* name) {
    auto bytes = Base64Decode(json.at(name).get_ref<const std::string&>());
    if (!bytes) throw std::runtime_error("the server sent what is no backup");
    return *std::move(bytes);
  };
  AdminClient(options).PostForLines("/.mkv/backup", {}, stop, [&](std::string_view line) {
    const nlohmann::json json = nlohmann::json::parse(line);
    if (json.contains("entries")) {
      all = json.at("entries").get<std::uint64_t>();
      return;
    }
    copy.Add(bytes_of(json, "key"), bytes_of(json, "value"));
    ++entries;
  });
  if (stop) throw Interrupted();
  if (all != entries) throw std::runtime_error("the server broke off; there is no backup");
  return entries;
}

}  // namespace

int RunBackup(const Options& options) {
  std::atomic<bool> stop{false};
  const SignalThread signals({}, [&stop] { stop = true; });
  BackupWriter copy(options.arguments.front());
  const std::uint64_t entries = options.server.empty() ? CopyFromHere(options, copy, stop)
                                                       : CopyFromServer(options, copy, stop);
  copy.Finish();
  std::cout << "backup: " << WithThousands(entries) << " entries in " << options.arguments.front()
            << "\n";
  return 0;
}

}  // namespace mkv
