// A store that the original program wrote: index, volumes, and a manifest of all that is in it.
//
//   OriginalStore store("original-3x10");
//   auto volumes = store.StartVolumes();  // on the ports that the index names
//   Gateway gateway(store.GatewayFor());
//   for (const OriginalObject& object : store.objects()) ...
//
// The records name their volumes `localhost:PORT`, and placement hashes those names: they can not
// be changed. A test program for it therefore calls EnterOwnNetwork() first in its main().
// Unpacked anew for each object, so tests may change it. tests/fixtures/README.md tells its origin.
#ifndef TESTS_SUPPORT_ORIGINAL_STORE_H_
#define TESTS_SUPPORT_ORIGINAL_STORE_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/gateway.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {

struct OriginalObject {
  std::string key;
  std::string url;  // the key as the original's client sent it
  bool unlinked = false;
  std::uint64_t size = 0;
  std::string md5;                       // hex
  std::vector<std::string> key_volumes;  // as in its record; none when unlinked
};

class OriginalStore {
 public:
  static std::vector<std::string> Names() { return {"original-3x10", "original-2x1"}; }

  explicit OriginalStore(const std::string& name);

  const std::vector<std::string>& volumes() const { return volumes_; }
  unsigned replicas() const { return replicas_; }
  unsigned subvolumes() const { return subvolumes_; }
  bool md5sum() const { return md5sum_; }
  const std::vector<OriginalObject>& objects() const { return objects_; }
  const std::vector<std::string>& deleted() const { return deleted_; }  // keys no longer there
  // Every raw record of the index, by key.
  const std::map<std::string, std::string>& records() const { return records_; }

  std::filesystem::path index() const { return folder_.path() / "index"; }
  std::filesystem::path volume_folder(std::size_t i) const;  // of volumes()[i]
  // What an entry of a record (`host:port/sv03`) means.
  std::filesystem::path FolderOf(const std::string& entry) const;

  std::vector<std::unique_ptr<NginxVolume>> StartVolumes() const;
  GatewayOptions GatewayFor() const;

 private:
  TempFolder folder_;
  std::vector<std::string> volumes_;
  unsigned replicas_ = 0;
  unsigned subvolumes_ = 0;
  bool md5sum_ = false;
  std::vector<OriginalObject> objects_;
  std::vector<std::string> deleted_;
  std::map<std::string, std::string> records_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_ORIGINAL_STORE_H_
