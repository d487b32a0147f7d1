#include "common/db/params.h"

#include <limits>
#include <utility>

#include "absl/time/civil_time.h"

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

std::string FormatTimestamp(absl::Time time) {
  // PostgreSQL's first time is 4714-11-24 BC.
  constexpr int64_t kFirstSecond = -210'866'803'200;
  const int64_t micros = absl::ToUnixMicros(time);
  if (micros == std::numeric_limits<int64_t>::max()) return "infinity";
  if (time < absl::FromUnixSeconds(kFirstSecond)) return "-infinity";
  const absl::civil_year_t civil_year = absl::ToCivilSecond(time, absl::UTCTimeZone()).year();
  const bool is_bc = civil_year <= 0;
  std::string year = std::to_string(is_bc ? 1 - civil_year : civil_year);
  // PostgreSQL would read 1-01-01 as 2001.
  if (year.size() < 4) year.insert(0, 4 - year.size(), '0');
  return year + absl::FormatTime("-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone()) +
         (is_bc ? " BC" : "");
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
