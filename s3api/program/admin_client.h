// Admin calls to a running server: what `-server URL` stands for. Signed in with MKV_ACCESS_KEY and
// MKV_SECRET_KEY from the environment, if they are set. Over TLS the server's certificate must be
// good for its name, by the machine's authorities or those that SSL_CERT_FILE names. Blocking; one
// call at a time.
#ifndef S3API_PROGRAM_ADMIN_CLIENT_H_
#define S3API_PROGRAM_ADMIN_CLIENT_H_

#include <Poco/Net/HTTPClientSession.h>

#include <atomic>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mkv {

struct Options;

class AdminClient {
 public:
  using Query = std::vector<std::pair<std::string, std::string>>;

  // Of `-server`: http://HOST:PORT or https://HOST:PORT. Throws UsageError when it is none.
  explicit AdminClient(const Options& options);

  // The body of a 200. Throws std::runtime_error, with what the server said, for anything else.
  std::string Post(const std::string& path, const Query& query = {});

  // The same, line by line as they come. Returns false when `stop` ended it before its end.
  bool PostForLines(const std::string& path, const Query& query, const std::atomic<bool>& stop,
                    const std::function<void(std::string_view line)>& line);

 private:
  std::unique_ptr<Poco::Net::HTTPClientSession> Connect() const;
  std::istream& Send(Poco::Net::HTTPClientSession& session, const std::string& path,
                     const Query& query) const;

  const bool allow_plain_basic_;
  bool tls_ = false;
  std::string host_;
  unsigned short port_ = 0;
};

}  // namespace mkv

#endif  // S3API_PROGRAM_ADMIN_CLIENT_H_
