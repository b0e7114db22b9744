#include "mkvcore/store/unchecked_read.h"

#include "mkvcore/store/value_reader.h"

namespace mkv {

namespace {

[[noreturn]] void ThrowReplaced() {
  throw ReadError("the value was replaced while it was read", /*damaged=*/false);
}

}  // namespace

UncheckedRead::UncheckedRead(Store& store, const Object& object) {
  if (object.generation() != kPlain) return;
  plain_.emplace(store.reads(), object.key);
  const std::optional<Object> now = store.Find(object.key);
  if (!now || !now->IsSameValue(object)) ThrowReplaced();
}

void UncheckedRead::Confirm() const {
  if (plain_ && plain_->overtaken()) ThrowReplaced();
}

}  // namespace mkv
