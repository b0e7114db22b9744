#include "mkvcore/volumes/session_pool.h"

#include <gtest/gtest.h>

namespace mkv {
namespace {

struct Session {};

TEST(SessionPool, LendsTheOneLastReturned) {
  SessionPool<Session> pool([] { return std::make_unique<Session>(); });
  auto first = pool.Borrow();
  auto second = pool.Borrow();
  Session* const cold = first.get();
  Session* const warm = second.get();
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
