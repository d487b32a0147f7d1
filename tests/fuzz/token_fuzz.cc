// Tokens: any text, and any payload with a valid signature.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "common/auth/base64url.h"
#include "common/auth/es256.h"
#include "common/auth/jwt_json.h"
#include "common/auth/key_set.h"
#include "common/auth/token_refusal.h"
#include "common/auth/token_verifier.h"
#include "common/base/clock.h"
#include "tests/fuzz/check.h"

namespace vibestack::auth {
namespace {

constexpr char kKid[] = "k1";

struct World {
  Es256Key key = *Es256Key::Generate();
  std::shared_ptr<const KeySet> keys = *KeySet::FromPems({{kKid, *key.ToPrivatePem()}});
  FakeClock clock{absl::FromUnixSeconds(1'750'000'000)};
  TokenVerifier verifier{[this] { return keys; }, clock};
};

World& TheWorld() {
  static World& world = *new World;
  return world;
}

// A token without a valid signature: refused for every purpose, with a TokenRefusal.
void FuzzForeign(const std::string& token) {
  for (const Purpose purpose : kAllPurposes) {
    TokenFault fault = TokenFault::kNone;
    const auto claims = TheWorld().verifier.Verify(token, purpose, &fault);
    FUZZ_CHECK(!claims.ok() && fault != TokenFault::kNone);
    FUZZ_CHECK(RefusalOf(claims.status()).has_value());
  }
  static_cast<void>(ClaimedPurpose(token));
  static_cast<void>(DescribeRefusal(token, TokenFault::kExpired));
  const auto kid = DecodeJwtHeader(token);
  if (kid.has_value()) FUZZ_CHECK(EncodeJwtHeader(*kid) == token);
  const auto bytes = Base64UrlDecode(token);
  if (bytes.has_value()) FUZZ_CHECK(Base64UrlEncode(*bytes) == token);
}

// A payload that our key signed: valid for at most one purpose, and only in canonical form.
void FuzzSigned(const std::string& payload) {
  const std::string text = EncodeJwtHeader(kKid) + "." + Base64UrlEncode(payload);
  const std::string token = text + "." + Base64UrlEncode(*TheWorld().key.Sign(text));
  int taken = 0;
  for (const Purpose purpose : kAllPurposes) {
    const auto claims = TheWorld().verifier.Verify(token, purpose);
    if (!claims.ok()) continue;
    ++taken;
    FUZZ_CHECK(claims->purpose == purpose && IsSubject(purpose, claims->subject));
    FUZZ_CHECK(claims->issued_at < claims->expires_at);
    FUZZ_CHECK(TheWorld().clock.Now() < claims->expires_at);
    FUZZ_CHECK(CarriesFingerprint(purpose) != claims->fingerprint.empty());
  }
  FUZZ_CHECK(taken <= 1);
  const auto decoded = JwtPayload::Decode(Base64UrlEncode(payload));
  if (decoded.has_value()) FUZZ_CHECK(decoded->Encode() == Base64UrlEncode(payload));
}

}  // namespace
}  // namespace vibestack::auth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 0) {
    vibestack::auth::FuzzSigned(text);
  } else {
    vibestack::auth::FuzzForeign(text);
  }
  return 0;
}
