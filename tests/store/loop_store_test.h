// A store over real volumes, and an event loop with what a server keeps for each of its own.
#ifndef TESTS_STORE_LOOP_STORE_TEST_H_
#define TESTS_STORE_LOOP_STORE_TEST_H_

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/loop_volume_client.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/support/on_loop.h"
#include "tests/support/temp_folder.h"
#include "tests/volumes/test_volume.h"

namespace mkv::testing {

class LoopStoreTest : public ::testing::Test {
 public:
  ~LoopStoreTest() override {
    DropLoopClient();
    loop_.Stop();
    thread_.join();
  }

 protected:
  LoopStoreTest() {
    options_.timeouts.connect = std::chrono::seconds(1);
    options_.timeouts.answer = std::chrono::seconds(3);
    for (auto& volume : volumes_) names_.push_back(volume.name());
    index_ = LevelDbIndex::Open((folder_.path() / "index").string());
    client_ = std::make_unique<VolumeClient>(options_, health_);
    store_ = std::make_unique<Store>(
        *index_, *client_, std::make_shared<const Placement>(names_, 2, 1), StoreOptions());
    loop_client_ = std::make_unique<LoopVolumeClient>(loop_, options_, health_);
    thread_ = std::thread([this] { loop_.Run(); });
  }

  void OnLoop(const std::function<void()>& task) { RunOnLoop(loop_, task); }
  void AwaitLoop() {
    OnLoop([] {});
  }
  void DropLoopClient() {
    OnLoop([this] { loop_client_.reset(); });
  }

  // What the volumes hold for the key's object, one after the other in the record's order.
  std::vector<std::string> Values(const std::string& key) {
    std::vector<std::string> values;
    const std::optional<Object> object = store_->Find(key);
    if (!object) return values;
    for (const BlobLocation& blob : object->Replicas()) {
      values.push_back(Volume(blob.volume).File(blob.path).value_or("none"));
    }
    return values;
  }
  // For a value with a tag, which needs a sidecar.
  static Store::ReplaceRequest WithSidecar() {
    Store::ReplaceRequest request;
    request.describe = [](format::ObjectMetadata& metadata) {
      metadata.add_tags()->set_key("tag");
    };
    request.sidecar = [](const format::ObjectMetadata& metadata) { return SidecarFor(metadata); };
    return request;
  }
  TestVolume& FirstChoice(const std::string& key) {
    return Volume(store_->placement()->Order(key).front());
  }
  TestVolume& Volume(const std::string& name) {
    for (TestVolume& volume : volumes_) {
      if (volume.name() == name) return volume;
    }
    throw std::logic_error("no such volume");
  }
  std::vector<format::PendingBlob> Pending(const std::string& key) {
    const format::Pending pending = KeyState::Read(*index_, key).pending();
    return {pending.blobs().begin(), pending.blobs().end()};
  }

  testing::TempFolder folder_;
  std::array<TestVolume, 3> volumes_;
  std::vector<std::string> names_;
  VolumeOptions options_;
  VolumeHealth health_;
  std::unique_ptr<LevelDbIndex> index_;
  std::unique_ptr<VolumeClient> client_;
  std::unique_ptr<Store> store_;
  EventLoop loop_;
  std::unique_ptr<LoopVolumeClient> loop_client_;
  std::thread thread_;
};

}  // namespace mkv::testing

#endif  // TESTS_STORE_LOOP_STORE_TEST_H_
