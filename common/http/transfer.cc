#include "common/http/transfer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/error.h"
#include "common/base/exception.h"

namespace vibestack::http {
namespace {

constexpr size_t kMaxHeaderBytes = 64UL * 1024;

std::string Trimmed(std::string_view text) {
  std::string trimmed(text);
  absl::StripAsciiWhitespace(&trimmed);
  return trimmed;
}

bool IsDistrust(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS;
}

}  // namespace

Transfer::Transfer(Request request, absl::Time deadline, const Client::Options& options, Done done)
    : request_(std::move(request)),
      deadline_(deadline),
      options_(options),
      done_(std::move(done)) {}

absl::Status Transfer::Prepare(absl::Time now) {
  const absl::Status made = MakeHeaders();
  if (!made.ok()) return made;
  handle_.reset(curl_easy_init());
  if (handle_ == nullptr || !SetSafety() || !SetOptions(deadline_ - now)) {
    return InternalError("the request could not be prepared");
  }
  return absl::OkStatus();
}

absl::Status Transfer::MakeHeaders() {
  std::vector<std::string> lines = {"Expect:"};  // no waiting for `100 Continue`
  for (const Header& header : request_.headers) lines.push_back(header.name + ": " + header.value);
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) return InternalError("the request could not be prepared");
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }
  return absl::OkStatus();
}

bool Transfer::SetSafety() {
  CURL* h = handle_.get();
  bool ok = true;
  const auto set = [&ok](CURLcode code) { ok = ok && code == CURLE_OK; };
  set(curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https"));
  set(curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L));
  set(curl_easy_setopt(h, CURLOPT_PROXY, ""));
  set(curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L));
  set(curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L));
  set(curl_easy_setopt(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)));
  if (!options_.ca_file.empty()) {
    set(curl_easy_setopt(h, CURLOPT_CAINFO, options_.ca_file.c_str()));
    set(curl_easy_setopt(h, CURLOPT_CAPATH, nullptr));
  }
  return ok;
}

bool Transfer::SetOptions(absl::Duration left) {
  CURL* h = handle_.get();
  bool ok = true;
  const auto set = [&ok](CURLcode code) { ok = ok && code == CURLE_OK; };
  // Zero would mean no limit.
  const auto millis = [](absl::Duration span) {
    return static_cast<long>(
        std::clamp<int64_t>(absl::ToInt64Milliseconds(span), 1, 24L * 60 * 60 * 1000));
  };
  set(curl_easy_setopt(h, CURLOPT_URL, request_.url.c_str()));
  set(curl_easy_setopt(h, CURLOPT_POST, 1L));
  set(curl_easy_setopt(h, CURLOPT_POSTFIELDS, request_.body.data()));
  set(curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request_.body.size())));
  set(curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers_.get()));
  set(curl_easy_setopt(h, CURLOPT_USERAGENT, "vibestack"));
  set(curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L));
  set(curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, millis(options_.connect_timeout)));
  set(curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, millis(left)));
  set(curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &Transfer::OnBody));
  set(curl_easy_setopt(h, CURLOPT_WRITEDATA, this));
  set(curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader));
  set(curl_easy_setopt(h, CURLOPT_HEADERDATA, this));
  return ok;
}

size_t Transfer::OnBody(char* data, size_t, size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.response_.body.size() + size > transfer.options_.max_response_bytes) {
    transfer.too_large_ = true;
    return size + 1;
  }
  // libcurl is C: no exception may pass through it.
  return CatchAll([&] { transfer.response_.body.append(data, size); }) ? size : size + 1;
}

size_t Transfer::OnHeader(char* data, size_t, size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  bool taken = false;
  CatchAll([&] { taken = transfer.TakeHeader(std::string_view(data, size)); });
  return taken ? size : size + 1;
}

bool Transfer::TakeHeader(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    too_large_ = true;
    return false;
  }
  if (line.rfind("HTTP/", 0) == 0) {
    response_.headers.clear();  // headers of an earlier response, such as `103 Early Hints`
    headers_complete_ = false;
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    headers_complete_ = headers_complete_ || line == "\r\n" || line == "\n";
    return true;
  }
  std::string name = Trimmed(line.substr(0, colon));
  absl::AsciiStrToLower(&name);
  response_.headers.push_back({std::move(name), Trimmed(line.substr(colon + 1))});
  return true;
}

absl::StatusOr<Response> Transfer::Outcome(CURLcode code, absl::Time now) {
  // (libcurl also reports success for a response that ends within its headers.)
  if (code == CURLE_OK && headers_complete_) {
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    return std::move(response_);
  }
  if (too_large_) {
    return MakeError(absl::StatusCode::kOutOfRange, "HTTP_RESPONSE_TOO_LARGE",
                     "the response is too large");
  }
  if (code == CURLE_OPERATION_TIMEDOUT && now + absl::Milliseconds(2) >= deadline_) {
    return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                     "the receiver did not answer in time");
  }
  if (IsDistrust(code)) {
    return UnavailableError("HTTP_UNTRUSTED", "the receiver's certificate is not trusted");
  }
  const char* why = code == CURLE_OK ? "the response ended early" : curl_easy_strerror(code);
  return UnavailableError("HTTP_UNREACHABLE",
                          std::string("the receiver cannot be reached: ") + why);
}

void Transfer::Answer(std::unique_ptr<Transfer> transfer, absl::StatusOr<Response> outcome) {
  const Done done = std::move(transfer->done_);
  transfer.reset();  // before `done`, which may stop the client
  done(std::move(outcome));
}

}  // namespace vibestack::http
