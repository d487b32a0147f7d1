#ifndef VIBESTACK_COMMON_HTTP_MESSAGE_H_
#define VIBESTACK_COMMON_HTTP_MESSAGE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace vibestack::http {

struct Header {
  std::string name;
  std::string value;
};

// A POST request. The services send no other method.
struct Request {
  std::string url;  // see IsHttpUrl
  std::vector<Header> headers;
  std::string body;
  // Whether the status line and the headers are the whole response. Its body is dropped then, and
  // a body that is large, slow or cut off does not matter.
  bool ignores_body = false;
};

struct Response {
  int status = 0;               // 100 to 999
  std::vector<Header> headers;  // names in lower case
  std::string body;

  // The first value of the header `name` (in lower case), without spaces around it; nothing if
  // there is none.
  std::optional<std::string> Find(std::string_view name) const;
};

// Whether `url` is an absolute `http://` or `https://` URL with a host, without a user or password,
// and with valid characters only.
bool IsHttpUrl(const std::string& url);

// OK, or INVALID_ARGUMENT (HTTP_REQUEST_INVALID) for an invalid URL or header. The message quotes
// neither.
absl::Status CheckRequest(const Request& request);

// The wait in the header Retry-After (RFC 9110, 10.2.3: seconds or a date). Zero for a date in the
// past; nothing if the header is missing or invalid.
std::optional<absl::Duration> RetryAfter(const Response& response, absl::Time now);

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_MESSAGE_H_
