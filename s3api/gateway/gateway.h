// Both protocols on one port: decides which one a request speaks, once, and hands it over. Each has
// its own authenticator; none lets a request through without.
#ifndef S3API_GATEWAY_GATEWAY_H_
#define S3API_GATEWAY_GATEWAY_H_

#include <memory>
#include <string>

#include "mkvcore/native/admin_api.h"
#include "mkvcore/native/native_api.h"
#include "s3api/gateway/credential_access.h"
#include "s3api/program/commands.h"
#include "s3api/protocol/credentials.h"
#include "s3api/resources/s3_api.h"

namespace mkv::s3 {

// Thread-safe, as a Handler is.
class Gateway : public Frontend, private http::Handler {
 public:
  // Throws CredentialsError.
  Gateway(const Options& options, Store& store);

  http::Handler& handler() override { return *this; }
  void Reload() override { credentials_.Reload(); }
  bool open() const override { return credentials_.Get()->empty(); }

 private:
  void OnLoopStart(EventLoop& loop) override {
    native_.OnLoopStart(loop);
    s3_.OnLoopStart(loop);
  }
  void OnLoopEnd(EventLoop& loop) override {
    s3_.OnLoopEnd(loop);
    native_.OnLoopEnd(loop);
  }
  void OnBreakOff() override { store_.BreakOff(); }
  void OnRequest(std::shared_ptr<http::Exchange> exchange) override;
  http::Response ServerError(int status, const std::string& message,
                             const http::RequestHead* head) override;

  Store& store_;
  const std::string domain_;
  CurrentCredentials credentials_;
  CredentialAccess access_;
  AdminApi admin_;
  NativeApi native_;
  S3Api s3_;
};

}  // namespace mkv::s3

#endif  // S3API_GATEWAY_GATEWAY_H_
