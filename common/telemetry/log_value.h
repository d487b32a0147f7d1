#ifndef VIBESTACK_COMMON_TELEMETRY_LOG_VALUE_H_
#define VIBESTACK_COMMON_TELEMETRY_LOG_VALUE_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/secret.h"

namespace vibestack {

// A text type: std::string, std::string_view, absl::string_view.
template <typename T>
concept TextLike = requires(const T& text) {
  { text.data() } -> std::same_as<const char*>;
  { text.size() } -> std::convertible_to<size_t>;
};

// A value in a log line. It refers to its text, so use it only as an argument of Log(). Does not
// accept a Secret.
class LogValue {
 public:
  using Value = std::variant<std::string_view, int64_t, uint64_t, double, bool>;

  // Implicit, so that a field is written {"key", value}.
  // NOLINTBEGIN(google-explicit-constructor)
  template <TextLike T>
  LogValue(const T& text) : value_(std::string_view(text.data(), text.size())) {}
  LogValue(const char* text) : value_(std::string_view(text == nullptr ? "" : text)) {}
  template <std::signed_integral T>
  LogValue(T number) : value_(static_cast<int64_t>(number)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) LogValue(T number) : value_(static_cast<uint64_t>(number)) {}
  template <std::floating_point T>
  LogValue(T number) : value_(static_cast<double>(number)) {}
  template <std::same_as<bool> T>  // no conversion from pointers
  LogValue(T yes) : value_(yes) {}
  LogValue(const Secret&) = delete;
  // NOLINTEND(google-explicit-constructor)

  const Value& value() const { return value_; }

 private:
  Value value_;
};

struct LogField {
  std::string_view key;
  LogValue value;
};

// `text` with every byte outside valid UTF-8 replaced by U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_LOG_VALUE_H_
