#include "mkvcore/store/object.h"

#include <gtest/gtest.h>

namespace mkv {
namespace {

Object Value() {
  Object object;
  object.key = "/key";
  object.record.volumes = {"a", "b"};
  object.record.hash = "00112233445566778899aabbccddeeff";
  object.metadata.emplace();
  object.metadata->set_size(10);
  object.metadata->set_crc32c(7);
  return object;
}

TEST(IsSameValue, WhereItLiesAndWhatIsSaidOfItMayDiffer) {
  Object moved = Value();
  moved.record.volumes = {"b", "c"};
  moved.metadata->set_mtime_us(1);
  moved.metadata->set_acl("public-read");
  EXPECT_TRUE(Value().IsSameValue(moved));
}

TEST(IsSameValue, EveryDifferenceOfTheBytesCounts) {
  const Object value = Value();
  Object other = value;
  other.metadata->set_size(11);
  EXPECT_FALSE(value.IsSameValue(other));
  other = value;
  other.metadata->set_crc32c(8);
  EXPECT_FALSE(value.IsSameValue(other));
  other = value;
  other.metadata->set_generation(5);
  EXPECT_FALSE(value.IsSameValue(other));
  other = value;
  other.record.hash.clear();
  EXPECT_FALSE(value.IsSameValue(other));
}

TEST(IsSameValue, OfTheOriginalsValuesTheHashIsAllThatIsKnown) {
  Object original = Value();
  original.metadata.reset();
  EXPECT_TRUE(original.IsSameValue(original));
  EXPECT_FALSE(original.IsSameValue(Value())) << "what has metadata was written since";
  Object other = original;
  other.record.hash = "ffeeddccbbaa99887766554433221100";
  EXPECT_FALSE(original.IsSameValue(other));
}

}  // namespace
}  // namespace mkv
