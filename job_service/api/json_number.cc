#include "job_service/api/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace vibestack::job_service {
namespace {

constexpr int64_t kMaxIntegerDigits = 131'072;
constexpr int64_t kMaxFractionDigits = 16'383;
constexpr int64_t kHuge = 1'000'000;

// The value of an exponent, limited to one that is out of range with any mantissa of a request.
int64_t ExponentOf(std::string_view digits) {
  const bool negative = !digits.empty() && digits.front() == '-';
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.remove_prefix(1);
  int64_t exponent = 0;
  for (const char c : digits) {
    if (exponent < kHuge * kHuge) exponent = exponent * 10 + (c - '0');
  }
  return negative ? -exponent : exponent;
}

// Removes the digits at the front of `text`. Returns their number.
size_t TakeDigits(std::string_view& text) {
  const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(count);
  return count;
}

// The number of digits before and after the decimal point of a number without an exponent. Below 1
// before the point: the number is smaller than 1.
struct Digits {
  int64_t before_point = 0;
  int64_t after_point = 0;
};

Digits DigitsOf(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  const size_t e = number.find_first_of("eE");
  const int64_t exponent = e == std::string_view::npos ? 0 : ExponentOf(number.substr(e + 1));
  const std::string_view mantissa = number.substr(0, e);
  const size_t point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : mantissa.substr(point + 1);
  Digits digits;
  digits.after_point = static_cast<int64_t>(fraction.size()) - exponent;
  if (const size_t first = whole.find_first_not_of('0'); first != std::string_view::npos) {
    digits.before_point = static_cast<int64_t>(whole.size() - first) + exponent;
  } else if (const size_t first = fraction.find_first_not_of('0');
             first != std::string_view::npos) {
    digits.before_point = exponent - static_cast<int64_t>(first);
  }
  return digits;
}

}  // namespace

bool IsJsonNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.starts_with('0');
  const size_t whole = TakeDigits(text);
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (TakeDigits(text) == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (TakeDigits(text) == 0) return false;
  }
  return text.empty();
}

bool NumericTakes(std::string_view number) {
  const Digits digits = DigitsOf(number);
  return digits.after_point <= kMaxFractionDigits && digits.before_point <= kMaxIntegerDigits;
}

size_t NumericTextSize(std::string_view number) {
  const Digits digits = DigitsOf(number);
  const int64_t before = std::max<int64_t>(digits.before_point, 1);
  const int64_t after = digits.after_point > 0 ? 1 + digits.after_point : 0;
  return static_cast<size_t>(before + after) + (number.starts_with('-') ? 1 : 0);
}

std::string NumberText(double number) {
  constexpr double kExactBelow = 9007199254740992.0;  // 2^53
  char text[32];
  const bool whole = std::nearbyint(number) == number && std::fabs(number) <= kExactBelow;
  const std::to_chars_result end =
      whole ? std::to_chars(text, text + sizeof(text), static_cast<int64_t>(number))
            : std::to_chars(text, text + sizeof(text), number);
  return std::string(text, end.ptr);
}

}  // namespace vibestack::job_service
