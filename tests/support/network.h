// Ports for servers under test.
#ifndef TESTS_SUPPORT_NETWORK_H_
#define TESTS_SUPPORT_NETWORK_H_

#include <chrono>
#include <cstdint>

namespace mkv::testing {

// A TCP port of 127.0.0.1 that is free now. Somebody else may take it before it is used: whoever
// starts a server on it tries again with another one.
std::uint16_t FreePort();

// Whether somebody accepts connections on that port of 127.0.0.1.
bool Accepts(std::uint16_t port);
// Waits until Accepts(port) == wanted; false when that has not happened in time.
bool AwaitPort(std::uint16_t port, bool wanted, std::chrono::milliseconds timeout);

// Moves this process (and what it starts from now on) into a network of its own, which has nothing
// but loopback: every port is free there, even the fixed ones that a fixture names.
//
//   int main(int argc, char** argv) {
//     EnterOwnNetwork();
//     ::testing::InitGoogleTest(&argc, argv);
//     return RUN_ALL_TESTS();
//   }
//
// To be called first in main(), before any thread exists. False where the kernel does not allow it
// (a container without user namespaces): the tests then run on the machine's own ports.
bool EnterOwnNetwork();

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_NETWORK_H_
