#ifndef VIBESTACK_COMMON_BASE_ERROR_H_
#define VIBESTACK_COMMON_BASE_ERROR_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Errors for clients. An error is an absl::Status. Its payloads are google.rpc detail messages
// under their type URLs; common/rpc copies them into the gRPC status. Every error that leaves a
// service has exactly one google.rpc.ErrorInfo with the domain `vibestack`. All functions are
// thread-safe.
namespace vibestack {

// Makes an error with a stable `reason` (UPPER_SNAKE_CASE), by which programs tell errors apart,
// and a message for people. Neither may hold SQL, a path, a credential or personal data.
absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message);

// Shorthands for common codes.
absl::Status UnauthenticatedError(std::string_view reason, std::string_view message);
absl::Status PermissionDeniedError(std::string_view reason, std::string_view message);
absl::Status FailedPreconditionError(std::string_view reason, std::string_view message);
absl::Status AlreadyExistsError(std::string_view reason, std::string_view message);
absl::Status AbortedError(std::string_view reason, std::string_view message);
absl::Status InternalError(std::string_view message);

// UNAVAILABLE or RESOURCE_EXHAUSTED with google.rpc.RetryInfo: the same call may succeed after
// `retry_after`.
absl::Status UnavailableError(std::string_view reason, std::string_view message,
                              absl::Duration retry_after = absl::Milliseconds(500));
absl::Status ResourceExhaustedError(std::string_view reason, std::string_view message,
                                    absl::Duration retry_after = absl::Milliseconds(200));

// NOT_FOUND with google.rpc.ResourceInfo. The reason is `<TYPE>_NOT_FOUND`. `type` is in lower
// case, such as `user`.
absl::Status NotFoundError(std::string_view type, std::string_view name);

// Adds an entry to the `metadata` of an error's google.rpc.ErrorInfo.
absl::Status WithErrorMetadata(absl::Status status, std::string_view key, std::string_view value);

// That entry; empty without it.
std::string ErrorMetadata(const absl::Status& status, std::string_view key);

// The `reason` of an error; empty without google.rpc.ErrorInfo.
std::string ErrorReason(const absl::Status& status);

// The delay in an error's google.rpc.RetryInfo; InfiniteDuration() without RetryInfo.
absl::Duration RetryDelay(const absl::Status& status);

// Collects the invalid fields of a request for one error. gRPC sends details in HTTP/2 headers, of
// which clients accept 8 KiB, so long texts are cut, and after some dozens of violations the error
// gives only the number of the others. Not thread-safe.
class FieldViolations {
 public:
  // `field` is the path in the request, such as `requests[3].workflow_id`.
  void Add(std::string_view field, std::string_view description);

  bool empty() const { return violations_.empty(); }

  // OK when empty, else INVALID_ARGUMENT (INVALID_FIELDS) with google.rpc.BadRequest.
  absl::Status ToStatus() const;

 private:
  std::vector<std::pair<std::string, std::string>> violations_;
  size_t bytes_ = 0;    // size of violations_ as sent
  size_t omitted_ = 0;  // number of violations that did not fit
};

// INVALID_ARGUMENT for one field.
absl::Status InvalidFieldError(std::string_view field, std::string_view description);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_ERROR_H_
