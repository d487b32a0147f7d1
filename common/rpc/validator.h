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

// Checks the fields of a request and collects every violation. (That strings are UTF-8 is known by
// then: ParseMessage refuses others.)
class Validator {
 public:
  // Text that PostgreSQL can store: `min` to `max` characters, no NUL.
  void Text(std::string_view field, const std::string& value, size_t min, size_t max);

  // The id of something that exists: a UUID of any version.
  void Id(std::string_view field, const std::string& value);

  // An id that the caller chose for something new: a UUID of version 4.
  void NewId(std::string_view field, const std::string& value);

  // A list of `min` to `max` items.
  void Size(std::string_view field, int64_t size, int64_t min, int64_t max);

  // A point in time that a Timestamp may hold (years 1 to 9999).
  void Time(std::string_view field, const google::protobuf::Timestamp& value);

  // A span of zero or more that a Duration may hold.
  void Span(std::string_view field, const google::protobuf::Duration& value);

  // No fields but those of its type at the top of a request: for requests in which somebody may try
  // to set what is not theirs. They are named by their numbers, as `field 6`.
  void NoUnknownFields(const google::protobuf::Message& request);

  void Add(std::string_view field, std::string_view description) {
    violations_.Add(field, description);
  }
  bool ok() const { return violations_.empty(); }
  absl::Status ToStatus() const { return violations_.ToStatus(); }

 private:
  FieldViolations violations_;
};

// Conversions of values that passed the checks above. Microseconds is what PostgreSQL keeps.
absl::Time ToTime(const google::protobuf::Timestamp& value);
google::protobuf::Timestamp ToTimestamp(absl::Time value);
absl::Duration ToSpan(const google::protobuf::Duration& value);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_VALIDATOR_H_
