#include "tests/support/test_authority.h"

#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/support/file_text.h"
#include "tests/support/process.h"

namespace mkv::testing {

namespace fs = std::filesystem;

TestAuthority::TestAuthority(fs::path folder, const std::string& name)
    : folder_(std::move(folder)) {
  certificate_ = folder_ / "authority.pem";
  // Not the machine's own, which may add what it likes.
  std::ofstream(folder_ / "openssl.cnf") << "[req]\ndistinguished_name = name\n[name]\n";
  Request({"-keyout", folder_ / "authority.key", "-out", certificate_, "-subj", "/CN=" + name,
           "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
           "keyUsage=keyCertSign,cRLSign"});
}

TestAuthority::Certificate TestAuthority::Issue(const std::string& name) const {
  Certificate issued{folder_ / (name + ".pem"), folder_ / (name + ".key")};
  Request({"-keyout", issued.key, "-out", issued.certificate, "-subj", "/CN=" + name, "-CA",
           certificate_, "-CAkey", folder_ / "authority.key", "-addext",
           "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"});
  fs::permissions(issued.key, fs::perms::owner_read | fs::perms::owner_write);
  return issued;
}

void TestAuthority::FillCertificates(const fs::path& folder) const {
  fs::create_directories(folder);
  fs::copy_file(certificate_, folder / "ca-certificates.crt");
  Run({"openssl", "rehash", folder});
}

void TestAuthority::Request(std::vector<std::string> arguments) const {
  std::vector<std::string> command = {"openssl",
                                      "req",
                                      "-x509",
                                      "-config",
                                      folder_ / "openssl.cnf",
                                      "-newkey",
                                      "ec",
                                      "-pkeyopt",
                                      "ec_paramgen_curve:prime256v1",
                                      "-nodes",
                                      "-days",
                                      "2"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Run(std::move(command));
}

void TestAuthority::Run(std::vector<std::string> command) const {
  const fs::path output = folder_ / "openssl.log";
  if (RunProgram({.arguments = std::move(command), .output = output}) != 0) {
    throw std::runtime_error("openssl: " + FileText(output));
  }
}

}  // namespace mkv::testing
