// One HTTP request to one volume, on a CurlSession: its options, what came back, what became of it.
//
// Belongs to the thread of its session. Not copied or moved: libcurl holds its address.
#ifndef MKVCORE_VOLUMES_VOLUME_REQUEST_H_
#define MKVCORE_VOLUMES_VOLUME_REQUEST_H_

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include "mkvcore/volumes/curl_session.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

class VolumeRequest {
 public:
  // Takes a piece of the body of a 2xx answer. kPause takes nothing: libcurl keeps the piece, and
  // receives no more, until Unpause(). kStop ends the request.
  enum class Taken { kAll, kPause, kStop };
  using BodySink = std::function<Taken(std::string_view)>;

  // A GET of the blob, until easy() is told otherwise.
  VolumeRequest(CurlSession& session, const BlobLocation& blob);
  ~VolumeRequest();  // breaks off what is under way
  VolumeRequest(const VolumeRequest&) = delete;
  VolumeRequest& operator=(const VolumeRequest&) = delete;

  CURL* easy() const { return easy_; }
  template <typename Value>
  void Set(CURLoption option, Value value) {
    Check(curl_easy_setopt(easy_, option, value));
  }
  // Asks for a part of the blob, as in "bytes=" RANGE; empty: for all of it.
  void SetRange(const std::string& range);
  void set_sink(BodySink sink) { sink_ = std::move(sink); }
  // The answer counts only with its whole body, as that of a GET does.
  void set_body_matters(bool matters) { body_matters_ = matters; }

  void Start();

  bool done() const { return done_; }
  // What became of it, once done().
  const VolumeAnswer& answer() const { return answer_; }
  // Ends it now. An answer whose head is here stays an answer.
  void BreakOff(std::string_view why);

  // What the head of the answer says, once status_so_far() is not 0.
  VolumeAnswer AnswerSoFar() const;
  // Of a GET, once status_so_far() is not 0: the body is all of the blob, or the part that was
  // asked for. Whoever does not know of ranges answers with all of it, and 200.
  bool DeliversRange() const;
  // Hands what the sink did not want to it again, before this returns.
  void Unpause();

  // The status of the final answer as soon as its head is complete, else 0.
  int status_so_far() const { return head_complete_ ? status_ : 0; }
  // It went over a connection that an earlier request left open.
  bool reused_connection() const;
  // Once done(): its connection ended before an answer came, and not because we broke it off.
  bool connection_died() const;
  // Throws on what the sink threw.
  void RethrowSinkError() const;

 private:
  friend class CurlSession;
  static void Check(CURLcode code);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  void Finish(CURLcode code);
  void Detach();

  CurlSession& session_;
  CURL* easy_;
  std::string range_;
  BodySink sink_;
  bool body_matters_ = false;
  bool attached_ = false;
  bool done_ = false;
  bool stopped_by_sink_ = false;
  int status_ = 0;
  bool head_complete_ = false;
  CURLcode code_ = CURLE_OK;  // once done_
  std::exception_ptr thrown_;
  VolumeAnswer answer_;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_REQUEST_H_
