// main() of test programs whose ports are not theirs to choose: placement hashes the volumes'
// names, so those of the original's stores are fixed, and `./mkv up` takes four ports in a row. In
// a network of its own each of them is free.
#include <gtest/gtest.h>

#include "tests/support/network.h"

int main(int argc, char** argv) {
  mkv::testing::EnterOwnNetwork();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
