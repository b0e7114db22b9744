// ListObjects and ListObjectsV2 over the store: what the index does not know of a key that the
// original wrote is asked of its volumes, and kept.
#include <functional>

#include "s3api/protocol/etag.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/list_document.h"
#include "s3api/protocol/list_objects.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"

namespace mkv::s3 {

namespace {

void Complete(Store& store, const std::string& bucket, ListPage& page) {
  std::vector<ListEntry*> entries;
  std::vector<Object> objects;
  for (ListEntry& entry : page.contents) {
    if (!entry.needs_head) continue;
    std::optional<Object> object = store.Find(StoreKey(bucket, entry.key));
    if (!object) continue;  // gone meanwhile
    entries.push_back(&entry);
    objects.push_back(*std::move(object));
  }
  store.Learn(objects);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!objects[i].knows_metadata()) continue;
    const format::ObjectMetadata& metadata = objects[i].known();
    entries[i]->size = metadata.size();
    entries[i]->mtime_us = metadata.mtime_us();
    entries[i]->etag = page.texts.Keep(ETagOf(metadata, objects[i].record.hash));
  }
}

}  // namespace

void ListObjects(Call& call) {
  const ListRequest request = ParseListRequest(call.request);
  ListPage page =
      ListObjects(call.service.store.index(), request,
                  [&](std::function<void()>& work) { return call.service.readers.TryRun(work); });
  Complete(call.service.store, call.request.bucket, page);
  const std::string owner = call.bucket ? call.bucket->owner : "";
  http::Response response;
  response.Header("Content-Type", "application/xml");
  response.Header("x-amz-bucket-region",
                  call.service.options.region.empty() ? "us-east-1" : call.service.options.region);
  response.body = ListObjectsDocument(request, page, {owner, owner});
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
