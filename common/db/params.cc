#include "common/db/params.h"

#include <utility>

namespace vibestack::db {

void ArrayBuilder::Separate() {
  if (text_.size() > 1) text_ += ',';
}

void ArrayBuilder::Add(std::string_view element) {
  Separate();
  text_ += '"';
  for (const char c : element) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void ArrayBuilder::AddNull() {
  Separate();
  text_ += "NULL";
}

std::string ArrayBuilder::Finish() {
  text_ += '}';
  return std::exchange(text_, "{");
}

std::string EncodeArray(const std::vector<std::string>& elements) {
  ArrayBuilder builder;
  for (const std::string& element : elements) builder.Add(element);
  return builder.Finish();
}

std::string EncodeArray(const std::vector<std::optional<std::string>>& elements) {
  ArrayBuilder builder;
  for (const auto& element : elements) {
    if (element.has_value()) {
      builder.Add(*element);
    } else {
      builder.AddNull();
    }
  }
  return builder.Finish();
}

// Years have four digits: PostgreSQL would read 1-01-01 as 2001.
std::string FormatTimestamp(absl::Time time) {
  // This form has no era (BC). No time that a service writes is before the year 1.
  constexpr int64_t kYearOne = -62'135'596'800;
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time < absl::FromUnixSeconds(kYearOne)) return "-infinity";
  return absl::FormatTime("%E4Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
}

Params& Params::Add(std::string value) {
  has_nul_ = has_nul_ || value.find('\0') != std::string::npos;
  values_.push_back(std::move(value));
  pointers_.push_back(values_.back().c_str());
  return *this;
}

Params& Params::Add(std::optional<std::string> value) {
  return value.has_value() ? Add(*std::move(value)) : AddNull();
}

Params& Params::Add(std::optional<bool> value) {
  return value.has_value() ? Add(*value) : AddNull();
}

Params& Params::Add(std::optional<absl::Time> value) {
  return value.has_value() ? Add(FormatTimestamp(*value)) : AddNull();
}

Params& Params::AddNull() {
  pointers_.push_back(nullptr);
  return *this;
}

}  // namespace vibestack::db
