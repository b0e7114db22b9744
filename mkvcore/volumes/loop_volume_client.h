// Asks volumes for blobs (HEAD), reads and writes small ones (GET, PUT) and deletes them, from
// within an event loop, without blocking it.
//
// One for each loop, with keep-alive connections of its own. Used, and destroyed, on the loop's
// thread (or when the loop does not run).
#ifndef MKVCORE_VOLUMES_LOOP_VOLUME_CLIENT_H_
#define MKVCORE_VOLUMES_LOOP_VOLUME_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/loop_request.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

class LoopVolumeClient {
 public:
  using Callback = std::function<void(const VolumeAnswer&)>;
  // `value` is the whole of the blob when the answer is ok().
  using ValueCallback = std::function<void(const VolumeAnswer&, std::string value)>;

  // `loop` and `health` outlive the client; every answer and failure is reported to `health`. Of
  // the connections that have been used, `idle_of_host` are kept to each host.
  LoopVolumeClient(EventLoop& loop, const VolumeOptions& options, VolumeHealth& health,
                   std::size_t idle_of_host = SIZE_MAX);
  // What is under way is dropped: its callbacks do not run.
  ~LoopVolumeClient();
  LoopVolumeClient(const LoopVolumeClient&) = delete;
  LoopVolumeClient& operator=(const LoopVolumeClient&) = delete;

  // Asks; `done` runs once, from the loop and never inside this call, at the latest after
  // VolumeTimeouts::head. It may ask again, and may destroy the client.
  void Head(const BlobLocation& blob, Callback done);
  // The same with the value. One that is not `size` bytes long is no answer: delivery is
  // kUnanswered.
  void Get(const BlobLocation& blob, std::size_t size, ValueCallback done);
  // A file whose length is not known, or a listing: as long as it takes while bytes come
  // (VolumeTimeouts::stall). A longer one than `limit` is no answer.
  void GetUpTo(const BlobLocation& file, std::size_t limit, ValueCallback done);

  // Writes a blob; at the latest after VolumeTimeouts::answer and the time to connect. The answer
  // is ok() only when the volume has the whole value. Only where takes_puts(). Throws
  // std::invalid_argument for what is no blob path.
  void Put(const BlobLocation& blob, std::shared_ptr<const std::string> value, Callback done);
  // False where volumes speak TLS (tls_transport.h): a worker writes then.
  bool takes_puts() const { return takes_puts_; }

  // Deletes a blob; at the latest after VolumeTimeouts::remove. Throws std::invalid_argument for
  // what is no blob path.
  void Delete(const BlobLocation& blob, Callback done);

  // How many of these are under way.
  std::size_t under_way() const { return *under_way_; }

 private:
  // A request without a value either way.
  void Ask(LoopRequest::Method method, const BlobLocation& blob, std::chrono::milliseconds time_out,
           Callback done);
  // `done` is told after health is.
  void Start(LoopRequest request, ValueCallback done);

  const VolumeTimeouts timeouts_;
  VolumeHealth& health_;
  const bool takes_puts_;
  const std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
  std::unique_ptr<LoopTransport> transport_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOOP_VOLUME_CLIENT_H_
