#include "common/rpc/validator.h"

#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "common/base/uuid.h"
#include "common/rpc/utf8.h"

namespace vibestack::rpc {

using google::protobuf::util::TimeUtil;

void Validator::Text(std::string_view field, const std::string& value, size_t min, size_t max) {
  if (value.find('\0') != std::string::npos) {
    Add(field, "must not contain NUL");
    return;
  }
  const size_t characters = CountUtf8Characters(value).value_or(max + 1);
  if (characters >= min && characters <= max) return;
  if (value.empty()) {
    Add(field, "is required");
  } else {
    Add(field, "must have " + std::to_string(min) + " to " + std::to_string(max) + " characters");
  }
}

void Validator::Id(std::string_view field, const std::string& value) {
  if (!IsUuid(value)) Add(field, "must be a UUID");
}

void Validator::NewId(std::string_view field, const std::string& value) {
  if (!IsUuidV4(value)) Add(field, "must be a UUID of version 4");
}

void Validator::Size(std::string_view field, int64_t size, int64_t min, int64_t max) {
  if (size >= min && size <= max) return;
  Add(field, "must have " + std::to_string(min) + " to " + std::to_string(max) + " items, not " +
                 std::to_string(size));
}

void Validator::Time(std::string_view field, const google::protobuf::Timestamp& value) {
  if (value.seconds() < TimeUtil::kTimestampMinSeconds ||
      value.seconds() > TimeUtil::kTimestampMaxSeconds || value.nanos() < 0 ||
      value.nanos() > 999'999'999) {
    Add(field, "must be a time in the years 1 to 9999");
  }
}

void Validator::Span(std::string_view field, const google::protobuf::Duration& value) {
  if (value.seconds() < 0 || value.seconds() > TimeUtil::kDurationMaxSeconds || value.nanos() < 0 ||
      value.nanos() > 999'999'999) {
    Add(field, "must be a duration of zero or more");
  }
}

void Validator::NoUnknownFields(const google::protobuf::Message& request) {
  const auto& unknown = request.GetReflection()->GetUnknownFields(request);
  for (int i = 0; i < unknown.field_count(); ++i) {
    Add("field " + std::to_string(unknown.field(i).number()), "is not a field of this request");
  }
}

absl::Time ToTime(const google::protobuf::Timestamp& value) {
  return absl::FromUnixSeconds(value.seconds()) + absl::Nanoseconds(value.nanos());
}

google::protobuf::Timestamp ToTimestamp(absl::Time value) {
  // Other programs may store any time. A protobuf check throws outside of the range.
  constexpr int64_t kMicrosPerSecond = 1'000'000;
  constexpr int64_t kLowest = TimeUtil::kTimestampMinSeconds * kMicrosPerSecond;
  constexpr int64_t kHighest = TimeUtil::kTimestampMaxSeconds * kMicrosPerSecond + 999'999;
  return TimeUtil::MicrosecondsToTimestamp(
      std::clamp(absl::ToUnixMicros(value), kLowest, kHighest));
}

absl::Duration ToSpan(const google::protobuf::Duration& value) {
  return absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
}

}  // namespace vibestack::rpc
