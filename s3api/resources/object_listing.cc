// ListObjects and ListObjectsV2 over the store: what the index does not know of a key that the
// original wrote is asked of its volumes, and kept.
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "s3api/protocol/keys.h"
#include "s3api/protocol/list_document.h"
#include "s3api/protocol/list_entry.h"
#include "s3api/protocol/list_objects.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"

namespace mkv::s3 {

namespace {

void Complete(Store& store, const ListRequest& request, ListPage& page) {
  std::vector<ListEntry*> entries;
  std::vector<Object> objects;
  bool some_are_gone = false;
  for (ListEntry& entry : page.contents) {
    if (!entry.needs_head) continue;
    std::optional<Object> object = store.Find(StoreKey(request.bucket, entry.key));
    if (!object || object->record.unlinked) {
      // Deleted while the page was read.
      entry.key = {};
      some_are_gone = true;
      continue;
    }
    entries.push_back(&entry);
    objects.push_back(*std::move(object));
  }
  store.Learn(objects);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!objects[i].knows_metadata()) continue;
    FillIn(objects[i].known(), objects[i].record.hash, request.fetch_owner, page.texts,
           *entries[i]);
  }
  if (some_are_gone) {
    std::erase_if(page.contents, [](const ListEntry& entry) { return entry.key.empty(); });
  }
}

}  // namespace

void ListObjects(Call& call) {
  const ListRequest request = ParseListRequest(call.request);
  ListPage page =
      ListObjects(call.service.store.index(), request,
                  [&](std::function<void()>& work) { return call.service.readers.TryRun(work); });
  Complete(call.service.store, request, page);
  const std::string owner = call.bucket ? call.bucket->owner : "";
  http::Response response;
  response.Header("Content-Type", "application/xml");
  response.Header(kBucketRegion, call.service.options.told_region());
  response.body = ListObjectsDocument(request, page, {owner, owner});
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
