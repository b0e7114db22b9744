// A certificate authority of its own for one test, and servers' certificates signed by it, all made
// by openssl(1).
//
//   TempFolder folder;
//   TestAuthority authority(folder.path());
//   const auto server = authority.Issue("server");
//   server.certificate, server.key   // for -cert and -key
//   authority.file()                 // for the client: whom to trust
#ifndef TESTS_SUPPORT_TEST_AUTHORITY_H_
#define TESTS_SUPPORT_TEST_AUTHORITY_H_

#include <filesystem>
#include <string>
#include <vector>

namespace mkv::testing {

class TestAuthority {
 public:
  struct Certificate {
    std::filesystem::path certificate;
    std::filesystem::path key;  // mode 0600
  };

  // `name` is its common name: what it signed is looked up by that. Throws std::runtime_error when
  // openssl fails.
  explicit TestAuthority(std::filesystem::path folder, const std::string& name = "test authority");

  const std::filesystem::path& file() const { return certificate_; }

  // For localhost and 127.0.0.1, good for two days; `name` is its common name and that of its
  // files.
  Certificate Issue(const std::string& name) const;

  // Makes of `folder` what /etc/ssl/certs is on Debian, with this authority alone.
  void FillCertificates(const std::filesystem::path& folder) const;

 private:
  void Request(std::vector<std::string> arguments) const;
  void Run(std::vector<std::string> command) const;

  std::filesystem::path folder_;
  std::filesystem::path certificate_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_TEST_AUTHORITY_H_
