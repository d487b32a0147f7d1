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

// A POST: all that we send to others is one.
struct Request {
  std::string url;  // see IsHttpUrl
  std::vector<Header> headers;
  std::string body;
};

struct Response {
  int status = 0;               // 100 to 999
  std::vector<Header> headers;  // names in lower case
  std::string body;

  // The first value of that header (its name in lower case), without spaces around it; nothing
  // where there is none.
  std::optional<std::string> Find(std::string_view name) const;
};

// Whether `url` is an absolute `http://` or `https://` URL with a host and without a user, a
// password or characters that URLs do not have.
bool IsHttpUrl(const std::string& url);

// Whether a request can be sent as it is. INVALID_ARGUMENT for a URL that is none and for a header
// that would become something else on the wire; the message quotes neither.
absl::Status CheckRequest(const Request& request);

// How long the receiver asks to wait before the next try (RFC 9110, 10.2.3: seconds or a date);
// zero for a date that has passed, nothing where it asks for nothing that we understand.
std::optional<absl::Duration> RetryAfter(const Response& response, absl::Time now);

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_MESSAGE_H_
