#include "mkvcore/volumes/session_pool.h"

#include <gtest/gtest.h>

namespace mkv {
namespace {

using namespace std::chrono_literals;

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

TEST(SessionPool, DropsWhatNobodyHasUsedForLong) {
  for (const std::chrono::seconds age : {0s, 1000s}) {
    SessionPool<std::shared_ptr<int>> pool(
        [] { return std::make_unique<std::shared_ptr<int>>(std::make_shared<int>()); }, age);
    const std::weak_ptr<int> idle = *pool.Borrow();
    const auto lent = pool.Borrow();
    pool.DropExpired();
    EXPECT_EQ(idle.expired(), age == 0s);
    EXPECT_TRUE(*lent);
  }
}

}  // namespace
}  // namespace mkv
