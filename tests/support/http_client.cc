#include "tests/support/http_client.h"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

struct Exchange {
  const HttpRequest& request;
  HttpResponse response;
  std::size_t sent = 0;  // of request.body
};

std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& response = static_cast<Exchange*>(user)->response;
  std::string_view line(data, size);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) {
    line.remove_suffix(1);
  }
  if (line.starts_with("HTTP/")) {  // also after a 100 Continue and a redirect
    response.headers.clear();
    response.status = std::stoi(std::string(line.substr(line.find(' ') + 1, 3)));
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    response.headers.emplace_back(line.substr(0, colon), value);
  }
  return size;
}

std::size_t OnBody(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.request.consumer && exchange.response.status / 100 == 2) {
    return exchange.request.consumer({data, size}) ? size : 0;
  }
  exchange.response.body.append(data, size);
  return size;
}

std::size_t OnRead(char* data, std::size_t one, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.request.producer) {
    return exchange.request.producer({data, one * size});
  }
  const std::size_t count = exchange.request.body->copy(data, one * size, exchange.sent);
  exchange.sent += count;
  return count;
}

int OnSeek(void* user, curl_off_t offset, int) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.sent = static_cast<std::size_t>(offset);
  return exchange.request.producer ? CURL_SEEKFUNC_CANTSEEK : CURL_SEEKFUNC_OK;
}

}  // namespace

std::vector<std::string> HttpResponse::Headers(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [header, value] : headers) {
    if (SameName(header, name)) {
      values.push_back(value);
    }
  }
  return values;
}

std::string HttpResponse::Header(std::string_view name) const {
  const auto values = Headers(name);
  return values.empty() ? "" : values.front();
}

bool HttpResponse::HasHeader(std::string_view name) const { return !Headers(name).empty(); }

struct HttpClient::Easy {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle{curl_easy_init(), &curl_easy_cleanup};
};

HttpClient::HttpClient() : easy_(std::make_unique<Easy>()) {
  if (!easy_->handle) {
    throw std::runtime_error("curl_easy_init failed");
  }
}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResponse HttpClient::Do(const HttpRequest& request) {
  CURL* const curl = easy_->handle.get();
  curl_easy_reset(curl);  // keeps the connections
  Exchange exchange{.request = request, .response = {}};

  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (!authority_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, authority_.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  if (request.body || request.producer) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, OnRead);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, OnSeek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
    curl_off_t size = -1;
    if (request.size) {
      size = static_cast<curl_off_t>(*request.size);
    } else if (request.body) {
      size = static_cast<curl_off_t>(request.body->size());
    }
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, size);
  } else if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

  curl_slist* list = nullptr;
  for (const std::string& header : request.headers) {
    list = curl_slist_append(list, header.c_str());
  }
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                            &curl_slist_free_all);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());

  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    exchange.response.error = curl_easy_strerror(code);
  }
  const char* url = nullptr;
  curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &url);
  exchange.response.url = url == nullptr ? "" : url;
  return std::move(exchange.response);
}

HttpClient::Download HttpClient::Fetch(const std::string& url, std::chrono::milliseconds timeout) {
  ValueSum sum;
  Download download;
  download.response = Do({.url = url,
                          .consumer =
                              [&sum](std::string_view piece) {
                                sum.Add(piece);
                                return true;
                              },
                          .follow_redirects = true,
                          .timeout = timeout});
  download.size = sum.size();
  download.md5 = sum.Md5();
  return download;
}

std::string UrlEncode(std::string_view key) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~/";
  std::string url;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x80 && std::isalnum(byte) != 0) || kPlain.find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += '%';
      url += kDigits[byte >> 4];
      url += kDigits[byte & 15];
    }
  }
  return url;
}

}  // namespace mkv::testing
