// What can happen to a file on a volume behind the store's back.
#ifndef TESTS_FAULTS_DAMAGE_H_
#define TESTS_FAULTS_DAMAGE_H_

#include <filesystem>
#include <fstream>
#include <string>

#include "mkvcore/volumes/volume_client.h"
#include "tests/support/cluster.h"

namespace mkv::testing {

// Where a replica lies on this machine's disk.
inline std::filesystem::path FileOf(Cluster& cluster, const BlobLocation& place) {
  const std::string subvolume =
      place.volume.substr(std::min(place.volume.find('/'), place.volume.size()));
  return cluster.VolumeNamed(place.volume).folder().string() + subvolume + place.path;
}

// Another byte at that place, the size as it was.
inline void FlipByte(const std::filesystem::path& file, std::streamoff at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(at);
  const char byte = static_cast<char>(stream.get() ^ 0x40);
  stream.seekp(at);
  stream.put(byte);
}

// As a disk that was replaced: nothing is left but the folders of the subvolumes.
inline void Wipe(NginxVolume& volume) {
  namespace fs = std::filesystem;
  for (const std::string& file : volume.Files()) fs::remove(volume.folder().string() + file);
}

}  // namespace mkv::testing

#endif  // TESTS_FAULTS_DAMAGE_H_
