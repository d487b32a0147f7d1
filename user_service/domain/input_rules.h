#ifndef VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_

#include <optional>
#include <string>

#include "common/base/secret.h"

// What may stand in an account. A problem is said in words that follow the field's name.
namespace vibestack::user_service {

inline constexpr size_t kMinEmailCharacters = 3;
inline constexpr size_t kMaxEmailCharacters = 255;
inline constexpr size_t kMinPasswordBytes = 8;
inline constexpr size_t kMaxFullNameCharacters = 100;
inline constexpr size_t kMaxBioCharacters = 65'536;

// What is wrong with an email for a new account: UTF-8 of 3 to 255 characters, exactly one `@` with
// something on both sides, no white space and no control characters. Nothing is trimmed: an email
// with a space is somebody's mistake to correct.
std::optional<std::string> EmailProblem(const std::string& email);

// As it is stored and compared: ASCII letters in lower case, all others as they are, since other
// alphabets have no one lower case.
std::string NormalizeEmail(const std::string& email);

// What is wrong with a new password: 8 to 72 bytes, which is all that bcrypt reads, and no NUL,
// behind which it reads nothing.
std::optional<std::string> PasswordProblem(const Secret& password);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_INPUT_RULES_H_
