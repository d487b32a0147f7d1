#ifndef VIBESTACK_COMMON_HTTP_SIGNATURE_H_
#define VIBESTACK_COMMON_HTTP_SIGNATURE_H_

#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/http/message.h"

// Two headers let the receiver check that a request is genuine and fresh:
//
//   x-vibestack-timestamp: 1767225600                       seconds since 1970
//   x-vibestack-signature: v1=5257a869e7ecebeda32affa62cd…  in lower-case hex
//
// The signature is HMAC-SHA256 with the shared secret over the timestamp as it was sent, a dot and
// the bytes of the body as they were sent. To verify, in Python:
//
//   expected = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
//   fresh = abs(time.time() - int(timestamp)) <= 300
//   genuine = hmac.compare_digest("v1=" + expected, signature)
//
// Each attempt is signed anew, so a receiver may refuse requests that are some minutes old. The
// header `idempotency-key` shows which requests are repetitions.
namespace vibestack::http {

inline constexpr char kTimestampHeader[] = "x-vibestack-timestamp";
inline constexpr char kSignatureHeader[] = "x-vibestack-signature";

// Both headers for a request with this body that is sent at `at`. `secret` must not be empty.
std::vector<Header> SignatureHeaders(const Secret& secret, absl::Time at, std::string_view body);

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_SIGNATURE_H_
