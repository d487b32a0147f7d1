#ifndef VIBESTACK_COMMON_AUTH_BASE64URL_H_
#define VIBESTACK_COMMON_AUTH_BASE64URL_H_

#include <optional>
#include <string>

namespace vibestack::auth {

// RFC 4648's base64url without padding, as JOSE uses it.
std::string Base64UrlEncode(const std::string& bytes);

// The bytes of `text`, which must be exactly what Base64UrlEncode makes of them: no padding, no
// white space, no other alphabet, no stray bits in the last character. Otherwise nothing. So no two
// texts mean the same bytes.
std::optional<std::string> Base64UrlDecode(const std::string& text);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_BASE64URL_H_
