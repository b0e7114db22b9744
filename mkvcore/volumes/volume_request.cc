#include "mkvcore/volumes/volume_request.h"

#include <new>
#include <stdexcept>

#include "mkvcore/volumes/volume_health.h"

namespace mkv {

VolumeRequest::VolumeRequest(CurlSession& session, const BlobLocation& blob)
    : session_(session), easy_(session.TakeHandle()) {
  Check(session.SetUrl(easy_, std::string(VolumeHost(blob.volume)),
                       blob.Url(session.options().scheme())));
  Set(CURLOPT_PRIVATE, this);
  Set(CURLOPT_ERRORBUFFER, error_.data());
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_WRITEDATA, this);
}

VolumeRequest::~VolumeRequest() {
  Detach();
  session_.PutBack(easy_);
}

void VolumeRequest::Check(CURLcode code) {
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
}

void VolumeRequest::SetRange(const std::string& range) {
  range_ = range;
  if (!range_.empty()) Set(CURLOPT_RANGE, range_.c_str());
}

void VolumeRequest::Start() {
  if (const CURLMcode code = curl_multi_add_handle(session_.multi(), easy_); code != CURLM_OK) {
    throw std::runtime_error(curl_multi_strerror(code));
  }
  attached_ = true;
}

void VolumeRequest::Detach() {
  if (!attached_) return;
  curl_multi_remove_handle(session_.multi(), easy_);
  attached_ = false;
}

void VolumeRequest::BreakOff(std::string_view why) {
  if (done_) return;
  Finish(CURLE_ABORTED_BY_CALLBACK);
  if (answer_.delivery != VolumeAnswer::Delivery::kAnswered) answer_.error = why;
}

VolumeAnswer VolumeRequest::AnswerSoFar() const {
  VolumeAnswer answer;
  if (!head_complete_) return answer;
  answer.delivery = VolumeAnswer::Delivery::kAnswered;
  answer.status = status_;
  curl_off_t length = -1;
  curl_off_t time = -1;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  curl_easy_getinfo(easy_, CURLINFO_FILETIME_T, &time);
  if (length >= 0) answer.content_length = static_cast<std::uint64_t>(length);
  if (time >= 0) answer.last_modified = time;
  return answer;
}

void VolumeRequest::Finish(CURLcode code) {
  done_ = true;
  code_ = code;
  answer_ = AnswerSoFar();
  const bool complete = code == CURLE_OK || !body_matters_ || stopped_by_sink_;
  if (!head_complete_ || !complete) {
    long sent = 0;  // over all connections that libcurl tried
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
    answer_.delivery =
        sent == 0 ? VolumeAnswer::Delivery::kNeverSent : VolumeAnswer::Delivery::kUnanswered;
    if (error_[0] != '\0') {
      answer_.error = error_.data();
    } else {
      answer_.error = code == CURLE_OK ? "no answer" : curl_easy_strerror(code);
    }
  }
  Detach();
}

bool VolumeRequest::DeliversRange() const {
  if (range_.empty()) return status_ == 200;
  curl_header* header = nullptr;
  if (status_ != 206 ||
      curl_easy_header(easy_, "Content-Range", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
    return false;
  }
  // "bytes START-END/SIZE"; where the blob is shorter than was thought, END is less.
  const std::string begins = "bytes " + range_.substr(0, range_.find('-') + 1);
  return std::string_view(header->value).starts_with(begins);
}

void VolumeRequest::Unpause() { Check(curl_easy_pause(easy_, CURLPAUSE_CONT)); }

bool VolumeRequest::reused_connection() const {
  long connections = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  return connections == 0;
}

bool VolumeRequest::connection_died() const {
  return done_ && !head_complete_ &&
         (code_ == CURLE_SEND_ERROR || code_ == CURLE_RECV_ERROR || code_ == CURLE_GOT_NOTHING);
}

void VolumeRequest::RethrowSinkError() const {
  if (thrown_) std::rethrow_exception(thrown_);
}

std::size_t VolumeRequest::OnHeader(char* data, std::size_t size, std::size_t count,
                                    void* self) noexcept {
  auto& request = *static_cast<VolumeRequest*>(self);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    // Also after a 1xx, and on the second connection of a request that libcurl sent again.
    long status = 0;
    curl_easy_getinfo(request.easy_, CURLINFO_RESPONSE_CODE, &status);
    request.status_ = static_cast<int>(status);
    request.head_complete_ = false;
  } else if (line == "\r\n" || line == "\n") {
    request.head_complete_ = request.status_ >= 200;
  }
  return line.size();
}

std::size_t VolumeRequest::OnBody(char* data, std::size_t size, std::size_t count,
                                  void* self) noexcept {
  auto& request = *static_cast<VolumeRequest*>(self);
  const std::string_view piece(data, size * count);
  if (!request.sink_ || request.status_ < 200 || request.status_ > 299) return piece.size();
  try {
    switch (request.sink_(piece)) {
      case Taken::kAll:
        return piece.size();
      case Taken::kPause:
        return CURL_WRITEFUNC_PAUSE;
      case Taken::kStop:
        request.stopped_by_sink_ = true;
    }
  } catch (...) {
    request.thrown_ = std::current_exception();
  }
  return CURL_WRITEFUNC_ERROR;
}

}  // namespace mkv
