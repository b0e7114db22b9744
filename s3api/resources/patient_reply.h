// An answer to a request that may take longer than clients wait: after some seconds the status 200
// is sent, and white space goes on until the document is ready, as S3 does. What fails after that
// is an <Error> document in the 200
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
#ifndef S3API_RESOURCES_PATIENT_REPLY_H_
#define S3API_RESOURCES_PATIENT_REPLY_H_

#include <chrono>
#include <exception>

#include "mkvcore/volumes/source.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/call.h"

namespace mkv::s3 {

// One thread, as its call.
class PatientReply {
 public:
  // Between two signs of life, and before the first.
  static constexpr std::chrono::seconds kInterval{5};

  explicit PatientReply(Call& call) : call_(call) {}

  // To be called now and then while the work goes on.
  void StillWorking();
  void Finish(const XmlDocument& document);
  // Throws on what happened, unless the status has been sent.
  void Fail(const std::exception_ptr& error);

 private:
  Call& call_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + kInterval;
};

// Keeps the client waiting patiently while a value is read.
class PatientSource : public Source {
 public:
  PatientSource(Source& source, PatientReply& reply) : source_(source), reply_(reply) {}

  std::optional<std::uint64_t> size() const override { return source_.size(); }
  std::optional<std::string_view> held() const override { return source_.held(); }
  Chunk Read(std::span<char> buffer) override {
    reply_.StillWorking();
    return source_.Read(buffer);
  }
  int poll_fd() const override { return source_.poll_fd(); }
  short poll_events() const override { return source_.poll_events(); }

 private:
  Source& source_;
  PatientReply& reply_;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_PATIENT_REPLY_H_
