// An answer to a request that may take longer than clients wait: after some seconds the status 200
// is sent, and white space goes on until the document is ready, as S3 does. What fails after that
// is an <Error> document in the 200
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html). A client that hangs up
// meanwhile has asked for the work all the same: it goes on, and only its answer goes nowhere.
#ifndef S3API_RESOURCES_PATIENT_REPLY_H_
#define S3API_RESOURCES_PATIENT_REPLY_H_

#include <chrono>
#include <exception>
#include <string>

#include "s3api/protocol/xml.h"
#include "s3api/resources/call.h"

namespace mkv::s3 {

// One thread, as its call.
class PatientReply {
 public:
  explicit PatientReply(Call& call) : call_(call) {}

  // To be called at least once a second while the work goes on. Throws TransferError when the
  // server breaks off what is under way.
  void StillWorking();
  void Finish(const XmlDocument& document);
  // Throws on what happened, unless the status has been sent and the client can be told.
  void Fail(const std::exception_ptr& error);

 private:
  void SendSignOfLife();
  // The rest of the document whose beginning has been sent.
  void SendRest(std::string text);

  Call& call_;
  const std::chrono::milliseconds interval_ = call_.service.options.whitespace_interval;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + interval_;
  bool client_gone_ = false;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_PATIENT_REPLY_H_
