// What the tests of S3 over the running gateway share: a cluster with three access keys, and
// requests that are signed with one of them (SigV4, in the header or presigned), or with none.
//
// alice owns what she makes and reaches nothing else; bob reaches nothing but his own; reader may
// read every bucket; the admin may do everything.
#ifndef TESTS_S3_GATEWAY_S3_GATEWAY_TEST_H_
#define TESTS_S3_GATEWAY_S3_GATEWAY_TEST_H_

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "s3api/checksum/digest.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/signature/amz_time.h"
#include "s3api/signature/canonical.h"
#include "s3api/signature/hmac.h"
#include "s3api/signature/signing_keys.h"
#include "tests/gateway/gateway_test.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {

// Empty: nobody, unsigned. Secrets are `<name>-secret`.
using User = std::string;

struct S3Request {
  std::string method = "GET";
  std::string target = {};  // `/bucket/key?query`, as it goes over the wire
  std::vector<std::string> headers = {};
  std::optional<std::string> body = std::nullopt;
};

class S3GatewayTest : public GatewayTest {
 protected:
  Cluster& StartS3(std::vector<std::string> arguments = {}, std::size_t volumes = 3) {
    const std::filesystem::path file = folder_.path() / "credentials.json";
    std::ofstream(file) << R"([
      {"user": "admin", "access_key": "admin", "secret_key": "admin-secret", "access": "admin"},
      {"user": "alice", "access_key": "alice", "secret_key": "alice-secret",
       "access": "read-write", "buckets": ["shared-*"]},
      {"user": "bob", "access_key": "bob", "secret_key": "bob-secret",
       "access": "read-write", "buckets": ["shared-*"]},
      {"user": "reader", "access_key": "reader", "secret_key": "reader-secret",
       "access": "read-only", "buckets": []}])";
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    arguments.insert(arguments.end(), {"-credentials", file.string()});
    // Makes buckets as `alice`, who has no pattern for them: the owner's rights are what counts.
    return Start({.volumes = volumes, .arguments = std::move(arguments)});
  }

  HttpResponse S3(const User& user, S3Request request) {
    std::vector<std::string> headers = request.headers;
    if (!user.empty()) SignInHeader(user, request, headers);
    return cluster().client().Do({.method = request.method,
                                  .url = cluster().gateway().url() + request.target,
                                  .headers = std::move(headers),
                                  .body = std::move(request.body)});
  }

  // A URL that holds for a minute, for `method` with no header but Host. `query` is added to it,
  // encoded.
  std::string Presign(const User& user, const std::string& method, const std::string& path,
                      const std::string& query = {}) {
    const std::string now = Now();
    const std::string scope = now.substr(0, 8) + "/us-east-1/s3/aws4_request";
    std::string all = query + (query.empty() ? "" : "&") +
                      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=" + now +
                      "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Credential=" +
                      s3::UriEncode(user + "/" + scope, s3::Slash::kEncoded);
    const std::string host = Host();
    const s3::RequestView view{method, path, all, {{"host", host}}};
    const std::vector<std::string> names = {"host"};
    const std::string canonical = s3::CanonicalRequest(
        view, s3::CanonicalQuery(s3::DecodeQuery(all)), names, "UNSIGNED-PAYLOAD");
    all += "&X-Amz-Signature=" + Signature(user, now, scope, canonical);
    return path + "?" + all;
  }

  std::string Host() { return cluster().gateway().url().substr(std::string("http://").size()); }

  static std::string Now() {
    return s3::FormatAmzTime(
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  }

  static std::string Signature(const User& user, const std::string& now, const std::string& scope,
                               const std::string& canonical) {
    const std::string to_sign =
        "AWS4-HMAC-SHA256\n" + now + "\n" + scope + "\n" + s3::Sha256Hex(canonical);
    return s3::Hex(s3::HmacSha256(
        s3::DeriveSigningKey(user + "-secret", now.substr(0, 8), "us-east-1", "s3"), to_sign));
  }

  // The text of the first element of that name; empty when there is none.
  static std::string Element(const std::string& xml, const std::string& name) {
    const std::size_t begin = xml.find("<" + name + ">");
    if (begin == std::string::npos) return {};
    const std::size_t from = begin + name.size() + 2;
    return xml.substr(from, xml.find("</" + name + ">", from) - from);
  }
  // The texts of all of them.
  static std::vector<std::string> Elements(const std::string& xml, const std::string& name) {
    std::vector<std::string> all;
    const std::string end = "</" + name + ">";
    for (std::size_t at = 0; (at = xml.find("<" + name + ">", at)) != std::string::npos;) {
      all.push_back(Element(xml.substr(at), name));
      at = xml.find(end, at);
    }
    return all;
  }
  static std::string Code(const HttpResponse& response) { return Element(response.body, "Code"); }

 private:
  void SignInHeader(const User& user, const S3Request& request, std::vector<std::string>& headers) {
    const std::string now = Now();
    const std::string scope = now.substr(0, 8) + "/us-east-1/s3/aws4_request";
    headers.emplace_back("x-amz-content-sha256: UNSIGNED-PAYLOAD");
    headers.push_back("x-amz-date: " + now);
    const std::size_t mark = request.target.find('?');
    const std::string path = request.target.substr(0, mark);
    const std::string query = mark == std::string::npos ? "" : request.target.substr(mark + 1);
    const std::string host = Host();
    s3::RequestView view{request.method, path, query, {{"host", host}}};
    std::vector<std::string> names = {"host"};
    for (const std::string& header : headers) {
      const std::size_t colon = header.find(':');
      const std::string_view text = header;
      const std::string name = s3::LowerCase(text.substr(0, colon));
      if (!name.starts_with("x-amz-")) continue;
      view.headers.push_back({text.substr(0, colon), s3::Trim(text.substr(colon + 1))});
      names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    const std::string canonical = s3::CanonicalRequest(
        view, s3::CanonicalQuery(s3::DecodeQuery(query)), names, "UNSIGNED-PAYLOAD");
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ";") + name;
    headers.push_back("Authorization: AWS4-HMAC-SHA256 Credential=" + user + "/" + scope +
                      ",SignedHeaders=" + list +
                      ",Signature=" + Signature(user, now, scope, canonical));
  }

  TempFolder folder_;
};

}  // namespace mkv::testing

#endif  // TESTS_S3_GATEWAY_S3_GATEWAY_TEST_H_
