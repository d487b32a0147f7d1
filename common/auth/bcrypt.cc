#include "common/auth/bcrypt.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/random.h"

namespace vibestack::auth {
namespace {

constexpr size_t kHashSize = 60;
constexpr size_t kPrefixSize = 7;  // $2b$NN$
constexpr size_t kSaltSize = 22;
constexpr size_t kDigestSize = 31;
constexpr int kSaltBytes = 16;
constexpr char kAlphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool IsBcryptText(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '/';
  });
}

bool IsUsableCost(int cost) { return cost >= kMinBcryptCost && cost <= kMaxBcryptCost; }

absl::Status CheckPassword(const Secret& password) {
  const std::string& text = password.Reveal();
  if (text.empty()) return InvalidFieldError("password", "must not be empty");
  if (text.size() > kMaxPasswordBytes) {
    return InvalidFieldError("password", "must not have more than 72 bytes");
  }
  if (text.find('\0') != std::string::npos) {
    return InvalidFieldError("password", "must not contain NUL");
  }
  return absl::OkStatus();
}

// The working memory of libxcrypt, which holds the password and values derived from it.
struct Workspace {
  crypt_data data{};
  ~Workspace() { OPENSSL_cleanse(&data, sizeof(data)); }
};

// Hashes `password` with a setting, which may be a whole hash. Empty when libxcrypt refuses.
std::string Crypt(const Secret& password, const std::string& setting) {
  const auto workspace = std::make_unique<Workspace>();
  const char* hash = crypt_rn(password.Reveal().c_str(), setting.c_str(), &workspace->data,
                              static_cast<int>(sizeof(workspace->data)));
  return hash == nullptr ? "" : hash;
}

absl::Status UnusableError() {
  return FailedPreconditionError("PASSWORD_HASH_UNUSABLE", "the account has no usable password");
}

std::string NewSetting(int cost) {
  std::string random = RandomBytes(kSaltBytes);
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  const char* made =
      crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), random.data(),
                       static_cast<int>(random.size()), setting, static_cast<int>(sizeof(setting)));
  return made == nullptr ? "" : made;
}

}  // namespace

std::optional<BcryptHash> ParseBcryptHash(const std::string& hash) {
  if (hash.size() != kHashSize || hash.compare(0, 2, "$2") != 0 || hash[3] != '$' ||
      hash[6] != '$' || std::strchr("aby", hash[2]) == nullptr || hash[2] == '\0' ||
      !absl::ascii_isdigit(static_cast<unsigned char>(hash[4])) ||
      !absl::ascii_isdigit(static_cast<unsigned char>(hash[5])) ||
      !IsBcryptText(hash.substr(kPrefixSize))) {
    return std::nullopt;
  }
  return BcryptHash{(hash[4] - '0') * 10 + (hash[5] - '0'), hash.substr(kPrefixSize, kSaltSize),
                    hash.substr(kPrefixSize + kSaltSize)};
}

bool IsUsableHash(const std::string& hash) {
  const std::optional<BcryptHash> parsed = ParseBcryptHash(hash);
  return parsed.has_value() && IsUsableCost(parsed->cost);
}

absl::StatusOr<std::string> HashPassword(const Secret& password, int cost) {
  if (absl::Status status = CheckPassword(password); !status.ok()) return status;
  if (!IsUsableCost(cost)) return InternalError("the cost of password hashes is out of range");
  std::string hash = Crypt(password, NewSetting(cost));
  if (!ParseBcryptHash(hash)) return InternalError("the password could not be hashed");
  return hash;
}

absl::StatusOr<bool> VerifyPassword(const Secret& password, const std::string& hash) {
  if (absl::Status status = CheckPassword(password); !status.ok()) return status;
  if (!IsUsableHash(hash)) return UnusableError();
  const std::string computed = Crypt(password, hash);
  return computed.size() == hash.size() &&
         CRYPTO_memcmp(computed.data(), hash.data(), hash.size()) == 0;
}

absl::StatusOr<bool> VerifyPasswordPadded(const Secret& password, const std::string& hash,
                                          int cost) {
  const absl::StatusOr<bool> matches = VerifyPassword(password, hash);
  if (!matches.ok() || *matches || !IsUsableCost(cost)) return matches;
  // 2^c + 2^c + 2^(c+1) + … + 2^(cost-1) is 2^cost.
  for (int spent = ParseBcryptHash(hash)->cost; spent < cost; ++spent) {
    Crypt(password, NewSetting(spent));
  }
  return matches;
}

absl::StatusOr<std::string> RehashPassword(const Secret& password, const std::string& hash,
                                           int cost) {
  if (absl::Status status = CheckPassword(password); !status.ok()) return status;
  if (!IsUsableCost(cost)) return InternalError("the cost of password hashes is out of range");
  const std::optional<BcryptHash> stored = ParseBcryptHash(hash);
  if (!stored.has_value()) return UnusableError();
  std::string rehashed = Crypt(password, absl::StrFormat("$2b$%02d$%s", cost, stored->salt));
  const std::optional<BcryptHash> made = ParseBcryptHash(rehashed);
  if (!made.has_value()) return InternalError("the password could not be hashed");
  // libxcrypt drops the unused bits of the salt's last character.
  if (made->salt != stored->salt) return UnusableError();
  return rehashed;
}

std::string DummyHash(int cost) {
  const std::string random = RandomBytes(kDigestSize);
  std::string hash = NewSetting(cost);
  for (const char byte : random) hash += kAlphabet[static_cast<unsigned char>(byte) % 64];
  return hash;
}

}  // namespace vibestack::auth
