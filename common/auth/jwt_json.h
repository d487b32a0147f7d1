#ifndef VIBESTACK_COMMON_AUTH_JWT_JSON_H_
#define VIBESTACK_COMMON_AUTH_JWT_JSON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace vibestack::auth {

// The payload of a JWT: its claims by name. Nothing here checks a signature; Es256Key does.
// Not thread-safe.
class JwtPayload {
 public:
  // Decodes the second part of a token. Accepts only the canonical form that Encode writes: one
  // JSON object without spaces, with the names of every object in ascending order and no name
  // twice. Nothing for every other text, and for invalid UTF-8, a NUL character, an integer beyond
  // int64 or more than 20 levels of nesting.
  static std::optional<JwtPayload> Decode(const std::string& part);

  // Adds a claim. False when a claim of that name exists, or when a text is not UTF-8 or has a NUL
  // character.
  bool Set(const std::string& name, const std::string& value);
  bool Set(const std::string& name, int64_t value);

  // Whether there is a claim of that name, of any type, null included.
  bool Has(const std::string& name) const;
  // Nothing when the claim is missing or of another type. 1.0 and "1" are not integers.
  std::optional<std::string> GetString(const std::string& name) const;
  std::optional<int64_t> GetInt(const std::string& name) const;

  // The second part of a token.
  std::string Encode() const;

 private:
  // A claim of any other type, as JSON text.
  struct OtherJson {
    std::string text;
  };
  using Claim = std::variant<std::string, int64_t, OtherJson>;

  std::map<std::string, Claim> claims_;
};

// The first part of a token: the algorithm ES256, the kid and the type JWT.
std::string EncodeJwtHeader(const std::string& kid);

// The kid of a header that EncodeJwtHeader made; nothing for every other header.
std::optional<std::string> DecodeJwtHeader(const std::string& part);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_JWT_JSON_H_
