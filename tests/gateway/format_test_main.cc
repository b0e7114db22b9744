// In a network of its own: placement hashes the volumes' names, so their ports are the original's.
#include <gtest/gtest.h>

#include "tests/support/network.h"

int main(int argc, char** argv) {
  mkv::testing::EnterOwnNetwork();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
