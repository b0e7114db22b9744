#include "s3api/protocol/form_policy.h"

#include <Poco/StringTokenizer.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "s3api/checksum/digest_text.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/time_text.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::array<std::string_view, 5> kNeverInPolicy = {"awsaccesskeyid", "signature",
                                                            "x-amz-signature", "policy", "file"};

[[noreturn]] void ThrowInvalidPolicy(const std::string& why) {
  throw S3Error(ErrorCode::kInvalidPolicyDocument, "Invalid Policy: " + why);
}

[[noreturn]] void ThrowDenied(const std::string& why) {
  throw S3Error(ErrorCode::kAccessDenied, "Invalid according to Policy: " + why);
}

// S3 wants `\$` and `\v` to be written so in a policy's strings ("Character Escaping"), which JSON
// does not know. Outside of strings any backslash is wrong, before and after.
std::string WithJsonEscapes(std::string_view text) {
  std::string json;
  json.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      json += text[i];
      continue;
    }
    ++i;
    if (text[i] == '$') {
      json += '$';
    } else if (text[i] == 'v') {
      json += "\\u000b";
    } else {
      json.append({'\\', text[i]});
    }
  }
  return json;
}

nlohmann::json ParseDocument(std::string_view policy) {
  const std::optional<std::string> text = DecodeBase64(policy);
  if (!text) ThrowInvalidPolicy("Invalid Base64.");
  nlohmann::json document =
      nlohmann::json::parse(WithJsonEscapes(*text), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) ThrowInvalidPolicy("Invalid JSON.");
  return document;
}

void CheckExpiration(const nlohmann::json& document, std::int64_t now_us) {
  const auto expiration = document.find("expiration");
  if (expiration == document.end()) ThrowInvalidPolicy("Policy missing expiration.");
  const std::optional<std::int64_t> time =
      expiration->is_string() ? ParseDate(expiration->get_ref<const std::string&>()) : std::nullopt;
  if (!time) ThrowInvalidPolicy("Invalid 'expiration' value: " + expiration->dump());
  if (now_us > *time) ThrowDenied("Policy expired.");
}

[[noreturn]] void ThrowFailed(const nlohmann::json& condition) {
  ThrowDenied("Policy Condition failed: " + condition.dump());
}

// One end of a content-length-range.
std::uint64_t Bytes(const nlohmann::json& condition, std::size_t at) {
  const nlohmann::json& value = condition[at];
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_string()) ThrowInvalidPolicy("Invalid content-length-range: " + value.dump());
  const auto& text = value.get_ref<const std::string&>();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) ThrowFailed(condition);
  return number;
}

bool StartsWith(std::string_view name, std::string_view value, std::string_view start) {
  if (name != "content-type" || start.empty()) return value.starts_with(start);
  // Each has to, of types in a list ("Matching Content-Types in a Comma-Separated List").
  const Poco::StringTokenizer types(std::string(value), ",", Poco::StringTokenizer::TOK_TRIM);
  return std::all_of(types.begin(), types.end(),
                     [start](const std::string& type) { return type.starts_with(start); });
}

// One pass over the conditions of a policy.
class Conditions {
 public:
  explicit Conditions(const FormFields& fields) : fields_(fields) {}

  void Check(const nlohmann::json& condition) {
    if (condition.is_object() && condition.size() == 1) {
      const auto field = condition.begin();
      CheckField("eq", "$" + field.key(), field.value());
    } else if (condition.is_array() && condition.size() == 3 && condition[0].is_string()) {
      const std::string kind = LowerCase(condition[0].get_ref<const std::string&>());
      if (kind == "content-length-range") {
        range_.least = std::max(range_.least, Bytes(condition, 1));
        range_.most = std::min(range_.most, Bytes(condition, 2));
      } else if ((kind == "eq" || kind == "starts-with") && condition[1].is_string()) {
        CheckField(kind, condition[1].get_ref<const std::string&>(), condition[2]);
      } else {
        ThrowInvalidPolicy("Invalid condition: " + condition.dump());
      }
    } else {
      ThrowInvalidPolicy("Invalid condition: " + condition.dump());
    }
  }

  void CheckThatAllAreCovered() const {
    for (const auto& [name, value] : fields_) {
      const bool exempt =
          name.starts_with("x-ignore-") ||
          std::find(kNeverInPolicy.begin(), kNeverInPolicy.end(), name) != kNeverInPolicy.end();
      if (!exempt && !covered_.contains(name)) ThrowDenied("Extra input fields: " + name);
    }
  }

  const ContentLengthRange& range() const { return range_; }

 private:
  void CheckField(const std::string& kind, const std::string& variable,
                  const nlohmann::json& wanted) {
    const nlohmann::json condition = {kind, variable, wanted};
    if (!wanted.is_string()) ThrowInvalidPolicy("Invalid condition: " + condition.dump());
    // Not the name of a field, and so of none that is there.
    if (!variable.starts_with('$')) ThrowFailed(condition);
    const std::string name = LowerCase(std::string_view(variable).substr(1));
    const auto& text = wanted.get_ref<const std::string&>();
    const auto field = fields_.find(name);
    const std::string_view value =
        field == fields_.end() ? std::string_view() : std::string_view(field->second);
    // A field that is not there can start with anything that is nothing.
    const bool holds =
        kind == "eq" ? field != fields_.end() && value == text : StartsWith(name, value, text);
    if (!holds) ThrowFailed(condition);
    covered_.insert(name);
  }

  const FormFields& fields_;
  std::set<std::string> covered_;
  ContentLengthRange range_;
};

}  // namespace

ContentLengthRange CheckFormPolicy(std::string_view policy, const FormFields& fields,
                                   std::int64_t now_us) {
  const nlohmann::json document = ParseDocument(policy);
  CheckExpiration(document, now_us);
  const auto list = document.find("conditions");
  if (list == document.end()) ThrowInvalidPolicy("Policy missing conditions.");
  if (!list->is_array()) ThrowInvalidPolicy("Invalid 'conditions' value: must be a List.");
  Conditions conditions(fields);
  for (const nlohmann::json& condition : *list) conditions.Check(condition);
  conditions.CheckThatAllAreCovered();
  return conditions.range();
}

}  // namespace mkv::s3
