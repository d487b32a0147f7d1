#include "common/auth/jwt_json.h"

#include <jwt.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/auth/base64url.h"
#include "common/auth/key_set.h"

namespace vibestack::auth {
namespace {

constexpr char kHeaderStart[] = "{\"alg\":\"ES256\",\"kid\":\"";
constexpr char kHeaderEnd[] = "\",\"typ\":\"JWT\"}";

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

// The JSON of one claim, or of all where `name` is null; nothing when there is no such claim.
std::optional<std::string> Dump(jwt_t* jwt, const char* name) {
  const std::unique_ptr<char, FreeText> text(jwt_get_grants_json(jwt, name));
  if (text == nullptr) return std::nullopt;
  return std::string(text.get());
}

}  // namespace

JwtPayload::JwtPayload() : jwt_(nullptr) {
  if (jwt_new(&jwt_) != 0) throw std::bad_alloc();
}

JwtPayload::~JwtPayload() { jwt_free(jwt_); }

std::optional<JwtPayload> JwtPayload::Decode(const std::string& part) {
  const std::optional<std::string> json = Base64UrlDecode(part);
  if (!json.has_value() || json->rfind('{', 0) != 0)
    return std::nullopt;  // libjwt takes arrays, too
  // An unsigned token is all that libjwt sees.
  static const std::string& header = *new std::string(Base64UrlEncode("{\"alg\":\"none\"}"));
  jwt_t* jwt = nullptr;
  if (jwt_decode(&jwt, (header + "." + part + ".").c_str(), nullptr, 0) != 0) return std::nullopt;
  JwtPayload payload(jwt);
  if (Dump(jwt, nullptr) != json) return std::nullopt;
  return payload;
}

bool JwtPayload::Set(const std::string& name, const std::string& value) {
  return jwt_add_grant(jwt_, name.c_str(), value.c_str()) == 0;
}

bool JwtPayload::Set(const std::string& name, int64_t value) {
  return jwt_add_grant_int(jwt_, name.c_str(), value) == 0;
}

bool JwtPayload::Has(const std::string& name) const { return Dump(jwt_, name.c_str()).has_value(); }

std::optional<std::string> JwtPayload::GetString(const std::string& name) const {
  const char* text = jwt_get_grant(jwt_, name.c_str());
  if (text == nullptr) return std::nullopt;
  return std::string(text);
}

std::optional<int64_t> JwtPayload::GetInt(const std::string& name) const {
  // jwt_get_grant_int answers 0 for 1.5, "7" and true, and -1 for what is missing: read the JSON.
  const std::optional<std::string> json = Dump(jwt_, name.c_str());
  int64_t value = 0;
  if (!json.has_value() || !absl::SimpleAtoi(*json, &value)) return std::nullopt;
  return value;
}

std::string JwtPayload::Encode() const {
  return Base64UrlEncode(Dump(jwt_, nullptr).value_or("{}"));
}

std::string EncodeJwtHeader(const std::string& kid) {
  return Base64UrlEncode(kHeaderStart + kid + kHeaderEnd);
}

std::optional<std::string> DecodeJwtHeader(const std::string& part) {
  const std::optional<std::string> json = Base64UrlDecode(part);
  if (!json.has_value() || !absl::StartsWith(*json, kHeaderStart) ||
      !absl::EndsWith(*json, kHeaderEnd)) {
    return std::nullopt;
  }
  const size_t around = sizeof(kHeaderStart) - 1 + sizeof(kHeaderEnd) - 1;
  if (json->size() <= around) return std::nullopt;
  std::string kid = json->substr(sizeof(kHeaderStart) - 1, json->size() - around);
  if (!IsKeyId(kid)) return std::nullopt;
  return kid;
}

}  // namespace vibestack::auth
