#include "s3api/resources/patient_reply.h"

#include <string>
#include <utility>

#include "s3api/resources/answers.h"

namespace mkv::s3 {

void PatientReply::StillWorking() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  if (!call_.transfer.replied()) {
    http::Response head;
    AddCommonHeaders(call_.head, &head);
    head.Header("Content-Type", "application/xml");
    call_.transfer.StartReply(head, std::nullopt);
    call_.transfer.Write(kXmlDeclaration);
  }
  call_.transfer.Write(" ");
}

void PatientReply::Finish(const XmlDocument& document) {
  if (!call_.transfer.replied()) {
    ReplyXml(call_, document);
    return;
  }
  std::string text = document.Text();
  text.erase(0, kXmlDeclaration.size());
  call_.transfer.Write(text);
  call_.transfer.FinishReply();
}

void PatientReply::Fail(const std::exception_ptr& error) {
  if (!call_.transfer.replied()) std::rethrow_exception(error);
  const S3Error failed = AsS3Error(error, call_.head);
  std::string text = ErrorDocument(failed, {call_.head.path, call_.head.id, call_.head.id});
  text.erase(0, kXmlDeclaration.size());
  call_.transfer.Write(text);
  call_.transfer.FinishReply();
}

}  // namespace mkv::s3
