#include "s3api/resources/patient_reply.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "s3api/resources/answers.h"

namespace mkv::s3 {

void PatientReply::StillWorking() {
  call_.transfer.ThrowIfBreakingOff();
  const auto now = std::chrono::steady_clock::now();
  if (client_gone_ || now < next_) return;
  next_ = now + interval_;
  try {
    SendSignOfLife();
  } catch (const http::TransferError& error) {
    client_gone_ = true;
    spdlog::info("{}: {}; what it asked for goes on", call_.head.id, error.what());
  }
}

void PatientReply::SendSignOfLife() {
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
  if (call_.transfer.replied()) {
    SendRest(document.Text());
  } else {
    ReplyXml(call_, document);
  }
}

void PatientReply::Fail(const std::exception_ptr& error) {
  if (!call_.transfer.replied()) std::rethrow_exception(error);
  try {
    std::rethrow_exception(error);
  } catch (const http::TransferError&) {
    throw;  // nobody is left to tell
  } catch (...) {
    // Told below.
  }
  const S3Error failed = AsS3Error(error, call_.head);
  if (client_gone_) {
    spdlog::info("{}: failed when its client had gone: {}", call_.head.id, failed.what());
  }
  SendRest(ErrorDocument(failed, {call_.head.path, call_.head.id, call_.head.id}));
}

void PatientReply::SendRest(std::string text) {
  if (client_gone_) return call_.transfer.Abort();
  text.erase(0, kXmlDeclaration.size());
  call_.transfer.Write(text);
  call_.transfer.FinishReply();
}

}  // namespace mkv::s3
