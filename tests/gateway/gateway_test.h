// What the tests of the running gateway share: one cluster a test, and its orderly end.
#ifndef TESTS_GATEWAY_GATEWAY_TEST_H_
#define TESTS_GATEWAY_GATEWAY_TEST_H_

#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/cluster.h"
#include "tests/support/http_client.h"

namespace mkv::testing {

class GatewayTest : public ::testing::Test {
 protected:
  Cluster& Start(ClusterOptions options = {}) { return cluster_.emplace(std::move(options)); }
  Cluster& cluster() { return cluster_.value(); }

  // One request to the gateway; `target` as it goes over the wire.
  HttpResponse Do(const std::string& method, const std::string& target,
                  std::vector<std::string> headers = {}) {
    return cluster().client().Do({.method = method,
                                  .url = cluster().gateway().url() + target,
                                  .headers = std::move(headers)});
  }

  // Every test ends with the gateway stopped as by its administrator: a leak or a race that a
  // sanitizer found shows in the exit status.
  void TearDown() override {
    if (!cluster_) return;
    if (cluster_->gateway().running()) {
      EXPECT_EQ(cluster_->gateway().Terminate(), 0);
    }
    if (HasFailure()) std::cout << cluster_->gateway().Log();
  }

 private:
  std::optional<Cluster> cluster_;
};

}  // namespace mkv::testing

#endif  // TESTS_GATEWAY_GATEWAY_TEST_H_
