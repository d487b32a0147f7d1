#ifndef VIBESTACK_COMMON_AUTH_JWT_JSON_H_
#define VIBESTACK_COMMON_AUTH_JWT_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

struct jwt;

namespace vibestack::auth {

// A JWT's payload, by libjwt, and its header. libjwt is given no key and no signature, ever: it
// takes the algorithm from the token (a public key would serve as an HMAC secret), decodes base64
// loosely and parses a PEM at each use, which costs four times the verification. Signatures are
// Es256Key's.
class JwtPayload {
 public:
  // Empty. Throws std::bad_alloc when memory is out.
  JwtPayload();
  JwtPayload(JwtPayload&& other) noexcept : jwt_(std::exchange(other.jwt_, nullptr)) {}
  JwtPayload& operator=(JwtPayload&&) = delete;
  ~JwtPayload();

  // From the second part of a token, which must be the canonical form that Encode makes: one JSON
  // object, sorted, without spaces. A name that is there twice is therefore refused.
  static std::optional<JwtPayload> Decode(const std::string& part);

  // False when libjwt refuses: the name is taken or the text is not UTF-8.
  bool Set(const std::string& name, const std::string& value);
  bool Set(const std::string& name, int64_t value);

  bool Has(const std::string& name) const;
  // Nothing when the claim is missing or of another type; an integer must be one in JSON, too.
  std::optional<std::string> GetString(const std::string& name) const;
  std::optional<int64_t> GetInt(const std::string& name) const;

  // The second part of a token.
  std::string Encode() const;

 private:
  explicit JwtPayload(struct jwt* jwt) : jwt_(jwt) {}

  struct jwt* jwt_;
};

// The first part of a token: the algorithm ES256, the kid and the type JWT.
std::string EncodeJwtHeader(const std::string& kid);

// The kid of a header that EncodeJwtHeader made; nothing for every other header, whatever it says.
std::optional<std::string> DecodeJwtHeader(const std::string& part);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_JWT_JSON_H_
