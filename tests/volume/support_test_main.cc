// In a network of its own, as the tests of the original's stores are: their ports are fixed.
#include <gtest/gtest.h>

#include "tests/support/network.h"

int main(int argc, char** argv) {
  mkv::testing::EnterOwnNetwork();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
