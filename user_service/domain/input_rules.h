#ifndef VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_

#include <optional>
#include <string>

#include "common/base/secret.h"

// The rules for the fields of an account. A problem is a text that reads on from the field's name,
// as "must be UTF-8".
namespace vibestack::user_service {

inline constexpr size_t kMinEmailCharacters = 3;
inline constexpr size_t kMaxEmailCharacters = 255;
inline constexpr size_t kMinPasswordBytes = 8;
inline constexpr size_t kMaxFullNameCharacters = 100;
inline constexpr size_t kMaxBioCharacters = 65'536;

// The problem of a new email, if any. An email is valid UTF-8 of 3 to 255 characters. It has
// exactly one `@`, with something on both sides, and no white space, control or invisible
// characters. It is not trimmed.
std::optional<std::string> EmailProblem(const std::string& email);

// The email as it is stored and compared: ASCII letters in lower case. Other letters stay, because
// their lower case depends on the language.
std::string NormalizeEmail(const std::string& email);

// The problem of a new password, if any. A password has 8 to 72 bytes, because bcrypt ignores
// further bytes. It has no NUL, because bcrypt stops there.
std::optional<std::string> PasswordProblem(const Secret& password);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_
