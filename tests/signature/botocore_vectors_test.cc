// Requests that two generations of botocore signed (see make_botocore_vectors.py): odd keys and
// queries, headers, presigned URLs of both versions, POST forms, payloads with checksums.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "s3api/signature/payload_source.h"
#include "s3api/signature/post_policy.h"
#include "tests/signature/signed_request.h"
#include "tests/signature/text_source.h"
#include "tests/support/tree.h"

namespace mkv::s3 {
namespace {

class BotocoreVectors : public ::testing::TestWithParam<std::string> {
 protected:
  BotocoreVectors()
      : file_(nlohmann::json::parse(
            std::ifstream(mkv::testing::SourceFile("tests/signature/" + GetParam())))) {}

  std::optional<std::string> Secret(std::string_view access_key) const {
    if (access_key != file_["access_key"].get<std::string>()) return std::nullopt;
    return file_["secret_key"].get<std::string>();
  }

  std::variant<Anonymous, Signer, Refusal> Authenticate(const SignedRequest& request) {
    const Time now{std::chrono::seconds(file_["now"].get<std::int64_t>())};
    return authenticator_.Authenticate(
        request.View(), request.Parameters(), [this](std::string_view key) { return Secret(key); },
        now);
  }

  static SignedRequest ToRequest(const nlohmann::json& vector) {
    SignedRequest request;
    request.method = vector["method"];
    const std::string target = vector["target"];
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.headers = vector["headers"].get<std::vector<std::pair<std::string, std::string>>>();
    request.virtual_bucket = vector["virtual_bucket"];
    return request;
  }

  nlohmann::json file_;
  Authenticator authenticator_{{}};
};

TEST_P(BotocoreVectors, AreAccepted) {
  int verified = 0;
  for (const auto& vector : file_["vectors"]) {
    if (vector.contains("fields")) continue;
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto result = Authenticate(ToRequest(vector));
    ASSERT_EQ(Outcome(result), "ok");
    EXPECT_EQ(std::get<Signer>(result).access_key, file_["access_key"].get<std::string>());
    ++verified;
  }
  EXPECT_GT(verified, 150);
}

TEST_P(BotocoreVectors, AreRefusedOnceAnythingSignedChanges) {
  for (const auto& vector : file_["vectors"]) {
    if (vector.contains("fields")) continue;
    SCOPED_TRACE(vector["name"].get<std::string>());
    const SignedRequest original = ToRequest(vector);

    SignedRequest changed = original;
    changed.method = "PATCH";
    EXPECT_EQ(Outcome(Authenticate(changed)), "SignatureDoesNotMatch");

    changed = original;
    changed.path += 'x';
    EXPECT_EQ(Outcome(Authenticate(changed)), "SignatureDoesNotMatch");

    changed = original;
    changed.query += changed.query.empty() ? "uploads" : "&uploads";
    EXPECT_EQ(Outcome(Authenticate(changed)), "SignatureDoesNotMatch");

    changed = original;
    changed["x-amz-copy-source"] = "/other/secret";
    EXPECT_NE(Outcome(Authenticate(changed)), "ok");

    const std::string signed_headers =
        LowerCase(original.View().Header("Authorization").value_or(""));
    for (const auto& [name, value] : original.headers) {
      if (signed_headers.find(LowerCase(name)) == std::string::npos || value.empty()) continue;
      if (EqualsIgnoringCase(name, "Authorization")) continue;
      SCOPED_TRACE(name);
      changed = original;
      changed[name].back() ^= 1;
      EXPECT_NE(Outcome(Authenticate(changed)), "ok");
    }
  }
}

TEST_P(BotocoreVectors, HavePayloadsThatKeepToTheirPlans) {
  int with_checksum = 0;
  for (const auto& vector : file_["vectors"]) {
    if (!vector["name"].get<std::string>().starts_with("header")) continue;
    SCOPED_TRACE(vector["name"].get<std::string>());
    const SignedRequest request = ToRequest(vector);
    const auto result = Authenticate(request);
    const auto& signer = std::get<Signer>(result);
    const auto plan = PlanPayload(request.View(), signer.payload, signer.chunk_signer);
    ASSERT_TRUE(std::holds_alternative<PayloadPlan>(plan)) << std::get<Refusal>(plan).message;
    const std::string body = vector["body"];
    TextSource streamed(body, 7);
    PayloadSource source(streamed, std::get<PayloadPlan>(plan));
    const std::string payload = ReadAll(source);
    EXPECT_TRUE(std::get<PayloadPlan>(plan).hash.streaming() || payload == body);
    with_checksum += source.checksum().has_value();
  }
  EXPECT_GE(with_checksum, 6);
}

TEST_P(BotocoreVectors, PostFormsAreAcceptedUntilThePolicyChanges) {
  int verified = 0;
  for (const auto& vector : file_["vectors"]) {
    if (!vector.contains("fields")) continue;
    SCOPED_TRACE(vector["name"].get<std::string>());
    auto fields = vector["fields"].get<std::vector<std::pair<std::string, std::string>>>();
    const auto verify = [&] {
      std::vector<HeaderField> views;
      for (const auto& [name, value] : fields) views.push_back({name, value});
      const auto result = VerifyPostPolicy(views, authenticator_.sigv4(),
                                           [this](std::string_view key) { return Secret(key); });
      const auto* refusal = std::get_if<Refusal>(&result);
      return refusal != nullptr ? refusal->code : std::string("ok");
    };
    EXPECT_EQ(verify(), "ok");
    for (auto& [name, value] : fields) {
      if (name == "policy") value[5] ^= 1;
    }
    EXPECT_EQ(verify(), "SignatureDoesNotMatch");
    std::erase_if(fields, [](const auto& field) { return field.first == "policy"; });
    EXPECT_EQ(verify(), "InvalidArgument");
    ++verified;
  }
  EXPECT_EQ(verified, 2);
}

INSTANTIATE_TEST_SUITE_P(Generations, BotocoreVectors,
                         ::testing::Values("botocore-1.34.json", "botocore-1.43.json"),
                         [](const auto& file) {
                           return file.param == "botocore-1.34.json" ? "Older" : "Newer";
                         });

}  // namespace
}  // namespace mkv::s3
