#ifndef VIBESTACK_COMMON_RPC_VALIDATOR_H_
#define VIBESTACK_COMMON_RPC_VALIDATOR_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/error.h"

namespace vibestack::rpc {

// Checks the fields of a request and collects every violation. (Strings are valid UTF-8 at this
// point: ParseMessage refuses others.) Not thread-safe.
class Validator {
 public:
  // Text that PostgreSQL can store: `min` to `max` characters, no NUL.
  void Text(std::string_view field, const std::string& value, size_t min, size_t max);

  // The id of an existing resource: a UUID of any version.
  void Id(std::string_view field, const std::string& value);

  // An id that the caller chose for a new resource: a UUID of version 4.
  void NewId(std::string_view field, const std::string& value);

  // A list of `min` to `max` items.
  void Size(std::string_view field, int64_t size, int64_t min, int64_t max);

  // A point in time within the range of Timestamp (years 1 to 9999).
  void Time(std::string_view field, const google::protobuf::Timestamp& value);

  // A duration of zero or more, within the range of Duration.
  void Span(std::string_view field, const google::protobuf::Duration& value);

  // Refuses unknown fields at the top level of a request, for requests where a caller may try to
  // set fields that it must not set. The violation names their numbers, such as `field 6`.
  void NoUnknownFields(const google::protobuf::Message& request);

  void Add(std::string_view field, std::string_view description) {
    violations_.Add(field, description);
  }
  bool ok() const { return violations_.empty(); }
  absl::Status ToStatus() const { return violations_.ToStatus(); }

 private:
  FieldViolations violations_;
};

// Conversions of values that passed the checks above. PostgreSQL keeps microseconds.
absl::Time ToTime(const google::protobuf::Timestamp& value);
google::protobuf::Timestamp ToTimestamp(absl::Time value);
absl::Duration ToSpan(const google::protobuf::Duration& value);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_VALIDATOR_H_
