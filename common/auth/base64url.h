#ifndef VIBESTACK_COMMON_AUTH_BASE64URL_H_
#define VIBESTACK_COMMON_AUTH_BASE64URL_H_

#include <optional>
#include <string>

namespace vibestack::auth {

// Encodes as base64url without padding (RFC 4648), as JOSE uses it.
std::string Base64UrlEncode(const std::string& bytes);

// Decodes exactly what Base64UrlEncode writes: no padding, no white space, no other alphabet, no
// unused bits set in the last character. Nothing for every other text, so different texts never
// decode to the same bytes.
std::optional<std::string> Base64UrlDecode(const std::string& text);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_BASE64URL_H_
