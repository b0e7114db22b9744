// A transfer whose every answer carries some headers more: what CORS tells the browser belongs to
// all that is answered, errors too, and no operation has to think of it.
#ifndef S3API_RESOURCES_HEADED_TRANSFER_H_
#define S3API_RESOURCES_HEADED_TRANSFER_H_

#include <utility>

#include "mkvcore/http/handler.h"
#include "s3api/protocol/cors.h"

namespace mkv::s3 {

// One thread, as the transfer, which outlives it.
class HeadedTransfer : public http::Transfer {
 public:
  HeadedTransfer(http::Transfer& transfer, Headers headers)
      : transfer_(transfer), headers_(std::move(headers)) {}

  const http::RequestHead& head() const override { return transfer_.head(); }
  Source& body() override { return transfer_.body(); }
  void AcceptBody() override { transfer_.AcceptBody(); }
  std::string ReadBody(std::size_t limit) override { return transfer_.ReadBody(limit); }
  const Poco::Net::MessageHeader& trailers() const override { return transfer_.trailers(); }
  void Reply(http::Response response) override {
    response.headers.insert(response.headers.end(), headers_.begin(), headers_.end());
    transfer_.Reply(std::move(response));
  }
  void StartReply(const http::Response& head, std::optional<std::uint64_t> length) override {
    http::Response more = head;
    more.headers.insert(more.headers.end(), headers_.begin(), headers_.end());
    transfer_.StartReply(more, length);
  }
  void Write(std::string_view bytes) override { transfer_.Write(bytes); }
  void FinishReply() override { transfer_.FinishReply(); }
  void Abort() override { transfer_.Abort(); }
  bool replied() const override { return transfer_.replied(); }
  bool stopping() const override { return transfer_.stopping(); }
  bool breaking_off() const override { return transfer_.breaking_off(); }

 private:
  http::Transfer& transfer_;
  const Headers headers_;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_HEADED_TRANSFER_H_
