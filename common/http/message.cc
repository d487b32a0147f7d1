#include "common/http/message.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "common/base/error.h"

namespace vibestack::http {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// A part of the URL; empty if the URL lacks it.
std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string value(text);
  curl_free(text);
  return value;
}

// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [kOthers](unsigned char c) {
    return absl::ascii_isalnum(c) || kOthers.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c == '\t' || (c >= ' ' && c != 0x7F);
  });
}

}  // namespace

std::optional<std::string> Response::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (header.name == name) return header.value;
  }
  return std::nullopt;
}

bool IsHttpUrl(const std::string& url) {
  if (!std::all_of(url.begin(), url.end(), [](unsigned char c) { return absl::ascii_isgraph(c); }))
    return false;
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (parsed == nullptr ||
      curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) {
    return false;
  }
  const std::string scheme = Part(parsed.get(), CURLUPART_SCHEME);
  return (scheme == "http" || scheme == "https") && !Part(parsed.get(), CURLUPART_HOST).empty();
}

absl::Status CheckRequest(const Request& request) {
  const auto refuse = [](std::string_view why) {
    return MakeError(absl::StatusCode::kInvalidArgument, "HTTP_REQUEST_INVALID", why);
  };
  if (!IsHttpUrl(request.url)) return refuse("the URL is not a valid http:// or https:// URL");
  for (const Header& header : request.headers) {
    if (!IsToken(header.name) || !IsHeaderValue(header.value)) {
      return refuse("a header has invalid characters");
    }
  }
  return absl::OkStatus();
}

std::optional<absl::Duration> RetryAfter(const Response& response, absl::Time now) {
  const std::optional<std::string> value = response.Find("retry-after");
  if (!value.has_value() || value->empty()) return std::nullopt;
  if (std::all_of(value->begin(), value->end(), absl::ascii_isdigit)) {
    uint32_t seconds = 0;
    // The number is too large for 32 bits. The caller bounds the wait.
    if (!absl::SimpleAtoi(*value, &seconds)) return absl::InfiniteDuration();
    return absl::Seconds(seconds);
  }
  const time_t date = curl_getdate(value->c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return std::max(absl::ZeroDuration(), absl::FromTimeT(date) - now);
}

}  // namespace vibestack::http
