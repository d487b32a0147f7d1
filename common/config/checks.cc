#include "common/config/checks.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace vibestack {
namespace {

absl::Status Refuse(std::string_view flag, const std::string& expected, const std::string& actual) {
  return absl::InvalidArgumentError("--" + std::string(flag) + " must be " + expected + ", not " +
                                    actual);
}

bool IsPort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

bool IsHost(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    return text.find_first_not_of("0123456789abcdefABCDEF:.", 1) == text.size() - 1;
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

absl::Status CheckNotEmpty(std::string_view flag, std::string_view value) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("--" + std::string(flag) + " is required");
}

absl::Status CheckAddress(std::string_view flag, std::string_view value) {
  const size_t colon = value.rfind(':');
  if (colon != std::string_view::npos && IsHost(value.substr(0, colon)) &&
      IsPort(value.substr(colon + 1))) {
    return absl::OkStatus();
  }
  return Refuse(flag, "host:port", "\"" + std::string(value) + "\"");
}

absl::Status CheckOptionalAddress(std::string_view flag, std::string_view value) {
  return value.empty() ? absl::OkStatus() : CheckAddress(flag, value);
}

absl::Status CheckRange(std::string_view flag, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return Refuse(flag, std::to_string(min) + " to " + std::to_string(max), std::to_string(value));
}

absl::Status CheckRange(std::string_view flag, absl::Duration value, absl::Duration min,
                        absl::Duration max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return Refuse(flag, absl::FormatDuration(min) + " to " + absl::FormatDuration(max),
                absl::FormatDuration(value));
}

absl::Status FirstError(std::initializer_list<absl::Status> checks) {
  for (const absl::Status& check : checks) {
    if (!check.ok()) return check;
  }
  return absl::OkStatus();
}

}  // namespace vibestack
