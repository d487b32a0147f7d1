#ifndef VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_

#include <optional>
#include <string>

#include "common/base/secret.h"

// The rules for the fields of an account. A problem is a text that follows the field's name.
namespace vibestack::user_service {

inline constexpr size_t kMinEmailCharacters = 3;
inline constexpr size_t kMaxEmailCharacters = 255;
inline constexpr size_t kMinPasswordBytes = 8;
inline constexpr size_t kMaxFullNameCharacters = 100;
inline constexpr size_t kMaxBioCharacters = 65'536;

// The problem of an email for a new account, if any. An email is UTF-8 of 3 to 255 characters, has
// exactly one `@` with something on both sides, and neither white space nor control characters. It
// is not trimmed: the caller must correct an email with a space.
std::optional<std::string> EmailProblem(const std::string& email);

// The email as it is stored and compared: only ASCII letters become lower case, since lower case
// depends on the language for other letters.
std::string NormalizeEmail(const std::string& email);

// The problem of a new password, if any. A password has 8 to 72 bytes, since bcrypt ignores the
// bytes after 72, and no NUL, since bcrypt stops there.
std::optional<std::string> PasswordProblem(const Secret& password);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_
