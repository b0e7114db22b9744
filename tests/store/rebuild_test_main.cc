// In a network of its own, for the volumes of the original's stores have fixed ports.
#include <gtest/gtest.h>

#include "tests/support/network.h"

int main(int argc, char** argv) {
  mkv::testing::EnterOwnNetwork();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
