// Who may do what through the native API. Decided before a request is looked at any further.
//
// Without credentials everyone may do everything, as with the original, but for admin calls, which
// are taken from the loopback interface only (OpenAccess). What credentials are is not known here:
// the program puts its own implementation in their place.
//
// Thread-safe; called on the event loops, so it must not block.
#ifndef MKVCORE_NATIVE_NATIVE_ACCESS_H_
#define MKVCORE_NATIVE_NATIVE_ACCESS_H_

#include <memory>
#include <string>
#include <string_view>

#include "mkvcore/http/request.h"

namespace mkv {

class NativeCaller {
 public:
  virtual ~NativeCaller() = default;
  virtual bool MayRead(std::string_view key) const = 0;
  virtual bool MayWrite(std::string_view key) const = 0;
  virtual bool IsAdmin() const = 0;
};

class NativeAccess {
 public:
  // Without a caller the request is refused: with 401 when it does not say who sent it, or not
  // truly; with 403 and `refusal`, a sentence for people, when it may not even say so this way.
  struct Identity {
    std::shared_ptr<const NativeCaller> caller;
    std::string refusal = {};
  };

  virtual ~NativeAccess() = default;
  virtual Identity Identify(const http::RequestHead& head) = 0;
};

class OpenAccess : public NativeAccess {
 public:
  Identity Identify(const http::RequestHead& head) override {
    return {head.peer_is_loopback ? local_ : remote_};
  }

 private:
  class Anyone : public NativeCaller {
   public:
    explicit Anyone(bool admin) : admin_(admin) {}
    bool MayRead(std::string_view /*key*/) const override { return true; }
    bool MayWrite(std::string_view /*key*/) const override { return true; }
    bool IsAdmin() const override { return admin_; }

   private:
    bool admin_;
  };
  const std::shared_ptr<const NativeCaller> local_ = std::make_shared<Anyone>(true);
  const std::shared_ptr<const NativeCaller> remote_ = std::make_shared<Anyone>(false);
};

}  // namespace mkv

#endif  // MKVCORE_NATIVE_NATIVE_ACCESS_H_
