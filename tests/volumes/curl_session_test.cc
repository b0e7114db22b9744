#include "mkvcore/volumes/curl_session.h"

#include <gtest/gtest.h>

namespace mkv {
namespace {

TEST(CurlSessionPool, LendsTheOneLastReturned) {
  CurlSessionPool pool{VolumeOptions{}};
  auto first = pool.Borrow();
  auto second = pool.Borrow();
  CurlSession* const cold = first.get();
  CurlSession* const warm = second.get();
  EXPECT_NE(cold, warm);
  first.reset();
  second.reset();
  EXPECT_EQ(pool.Borrow().get(), warm);
  EXPECT_EQ(pool.Borrow().get(), warm);
  const auto again = pool.Borrow();
  EXPECT_EQ(pool.Borrow().get(), cold);
}

}  // namespace
}  // namespace mkv
