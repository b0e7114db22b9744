// Indexes of any size for the benchmark, without the values, and the least that a listing can cost.
//
//   bench_index fill DIR COUNT FOLDERS    keys /bench/..., in that many folders (0: none)
//   bench_index list DIR                  one thread: iterate, decode the metadata, build the XML
//
// Prints JSON. The keys look as an S3 PUT of 4 KB with three replicas leaves them.
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/md5.h"
#include "mkvcore/format/placement.h"
#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/object.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/program/heap.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/list_document.h"

namespace mkv::bench {
namespace {

constexpr std::size_t kKeysOfABatch = 1000;
constexpr int kKeysOfAPage = 1000;
constexpr std::uint64_t kSize = 4096;

std::string KeyOf(std::uint64_t number, std::uint64_t folders) {
  const std::string digits = std::to_string(1'000'000'000 + number).substr(1);
  if (folders == 0) return "/bench/object-" + digits;
  return "/bench/folder-" + std::to_string(10'000 + number % folders).substr(1) + "/object-" +
         digits;
}

// What LevelDB would do by and by, while others are measured.
void CompactAll(const std::string& folder) {
  const std::unique_ptr<const leveldb::FilterPolicy> filter(leveldb::NewBloomFilterPolicy(10));
  leveldb::Options options;
  options.filter_policy = filter.get();
  leveldb::DB* opened = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options, folder, &opened);
  if (!status.ok()) throw IndexError(status.ToString());
  const std::unique_ptr<leveldb::DB> database(opened);
  database->CompactRange(nullptr, nullptr);
}

void Fill(const std::string& folder, std::uint64_t count, std::uint64_t folders) {
  const auto index = LevelDbIndex::Open(folder);
  const Placement placement({"localhost:3001", "localhost:3002", "localhost:3003"}, 3, 10);
  for (std::uint64_t done = 0; done < count;) {
    Batch batch;
    for (std::size_t i = 0; i < kKeysOfABatch && done < count; ++i, ++done) {
      // In no order, as keys come, so that the tables overlap and are compacted.
      const std::uint64_t number = done * 7'919'999 % count;
      const std::string key = KeyOf(number, folders);
      const Md5Digest digest = Md5(key);
      const std::string md5(digest.begin(), digest.end());
      const Record record{
          .unlinked = false, .hash = s3::Hex(md5), .volumes = placement.Choose(key)};
      format::ObjectMetadata metadata;
      metadata.set_record(record.Encode());
      metadata.set_size(kSize);
      metadata.set_mtime_us(1'700'000'000'000'000 + static_cast<std::int64_t>(number));
      metadata.set_md5(md5);
      metadata.set_crc32c(static_cast<std::uint32_t>(number));
      metadata.set_owner("admin");
      batch.Put(key, record.Encode());
      batch.Put(MetadataKey(key), metadata.SerializeAsString());
    }
    if (!index->Write(batch, Index::Durability::kOrdered)) throw IndexError("refused");
  }
  index->Sync();
  std::cout << "{\"keys\": " << count << "}\n";
}

void List(const std::string& folder) {
  const auto index = LevelDbIndex::Open(folder);
  const auto started = std::chrono::steady_clock::now();
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
  s3::ListRequest request;
  request.v2 = true;
  request.bucket = "bench";
  const auto metadata = index->NewIterator();
  const std::string prefix = MetadataKey("/bench/");
  metadata->Seek(prefix);
  while (metadata->Valid() && metadata->key().starts_with(prefix)) {
    s3::ListPage page;
    for (int i = 0; i < kKeysOfAPage && metadata->Valid() && metadata->key().starts_with(prefix);
         ++i) {
      format::ObjectMetadata decoded;
      const std::string_view value = metadata->value();
      if (!decoded.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
        throw IndexError("bad metadata");
      }
      s3::ListEntry& entry = page.contents.emplace_back();
      entry.key = page.texts.Keep(metadata->key().substr(prefix.size()));
      entry.size = decoded.size();
      entry.mtime_us = decoded.mtime_us();
      entry.etag = page.texts.Keep(s3::ETagOf(decoded, ""));
      metadata->Next();
    }
    keys += page.contents.size();
    bytes += s3::ListObjectsDocument(request, page, {}).size();
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  std::cout << "{\"keys\": " << keys << ", \"bytes\": " << bytes
            << ", \"seconds\": " << seconds.count() << "}\n";
}

}  // namespace
}  // namespace mkv::bench

int main(int argc, char** argv) {
  mkv::SetHeapThresholds();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 4 && arguments[0] == "fill") {
    mkv::bench::Fill(arguments[1], std::stoull(arguments[2]), std::stoull(arguments[3]));
    mkv::bench::CompactAll(arguments[1]);
  } else if (arguments.size() == 2 && arguments[0] == "list") {
    mkv::bench::List(arguments[1]);
  } else {
    std::cerr << "usage: bench_index fill DIR COUNT FOLDERS | list DIR\n";
    return 2;
  }
  return 0;
}
