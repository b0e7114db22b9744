// Small objects, read and answered on the event loop: what a worker costs (two hand-overs between
// threads) is more than the object does.
//
// One for each loop; used on that loop's thread only. A value is checked against its CRC32C before
// the answer begins. Whatever is not plain sailing, a volume that fails or a replica that is
// damaged, is left to a worker, which asks the other replicas.
#ifndef S3API_RESOURCES_QUICK_READER_H_
#define S3API_RESOURCES_QUICK_READER_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "mkvcore/http/handler.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/loop_volume_client.h"
#include "s3api/resources/read_plan.h"

namespace mkv::s3 {

class QuickReader {
 public:
  // The largest object that is answered so, and how many of them may be under way: the memory that
  // a loop spends on it.
  static constexpr std::uint64_t kMaxBytes = 32 << 10;
  static constexpr std::size_t kMaxUnderWay = 256;

  // `volumes` is the loop's; both outlive it.
  QuickReader(LoopVolumeClient& volumes, Store& store) : store_(store), volumes_(volumes) {}

  // Answers the request with `plan`, which is for `object`. Where it can not, now or in the end,
  // it runs `otherwise` on the loop.
  void Answer(const std::shared_ptr<http::Exchange>& exchange, const Object& object, ReadPlan plan,
              std::function<void()> otherwise);

 private:
  Store& store_;
  LoopVolumeClient& volumes_;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_QUICK_READER_H_
