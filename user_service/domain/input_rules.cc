#include "user_service/domain/input_rules.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "common/auth/bcrypt.h"
#include "common/rpc/utf8.h"

namespace vibestack::user_service {
namespace {

// White space, control and invisible characters beyond ASCII. With them, two different emails could
// look the same.
constexpr std::string_view kUnseen[] = {"\u00A0", "\u00AD", "\u1680", "\u180E", "\u2028",
                                        "\u2029", "\u202A", "\u202B", "\u202C", "\u202D",
                                        "\u202E", "\u202F", "\u205F", "\u2060", "\u2066",
                                        "\u2067", "\u2068", "\u2069", "\u3000", "\uFEFF"};

bool IsAsciiSpaceOrControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F;
}

// Whether the text has a C1 control character, U+0080 to U+009F.
bool HasC1Control(const std::string& text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if (text[i] == '\xC2' && next >= 0x80 && next <= 0x9F) return true;
  }
  return false;
}

// Whether the text has one of U+2000 to U+200F: spaces, zero-width characters and direction marks.
bool HasGeneralSpace(const std::string& text) {
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    const auto last = static_cast<unsigned char>(text[i + 2]);
    if (text[i] == '\xE2' && text[i + 1] == '\x80' && last <= 0x8F) return true;
  }
  return false;
}

bool HasUnseen(const std::string& text) {
  return std::any_of(text.begin(), text.end(), IsAsciiSpaceOrControl) || HasC1Control(text) ||
         HasGeneralSpace(text) ||
         std::any_of(std::begin(kUnseen), std::end(kUnseen), [&text](std::string_view unseen) {
           return text.find(unseen) != std::string::npos;
         });
}

}  // namespace

std::optional<std::string> EmailProblem(const std::string& email) {
  if (email.empty()) return "is required";
  const std::optional<size_t> characters = rpc::CountUtf8Characters(email);
  if (!characters.has_value()) return "must be UTF-8";
  if (*characters < kMinEmailCharacters || *characters > kMaxEmailCharacters) {
    return "must have 3 to 255 characters";
  }
  if (HasUnseen(email)) return "must not contain spaces or control characters";
  const size_t at = email.find('@');
  if (at == std::string::npos || at == 0 || at + 1 == email.size() ||
      email.find('@', at + 1) != std::string::npos) {
    return "must have exactly one @ with something on both sides";
  }
  return std::nullopt;
}

std::string NormalizeEmail(const std::string& email) { return absl::AsciiStrToLower(email); }

std::optional<std::string> PasswordProblem(const Secret& password) {
  const std::string& text = password.Reveal();
  if (text.empty()) return "is required";
  if (text.size() < kMinPasswordBytes || text.size() > auth::kMaxPasswordBytes) {
    return "must have 8 to 72 bytes";
  }
  if (text.find('\0') != std::string::npos) return "must not contain NUL";
  return std::nullopt;
}

}  // namespace vibestack::user_service
