#include "job_service/domain/unique_key.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace vibestack::job_service {

std::string IdOfUniqueKey(const std::string& user_id, const std::string& workflow_id,
                          const std::string& key) {
  std::string text = "vibestack.job.unique_key";
  for (const std::string* part : {&user_id, &workflow_id, &key}) {
    text += '\0';  // No part contains it, so that different parts make different texts.
    text += *part;
  }
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  // The version and the variant of a UUID v4 (RFC 9562, section 5.4).
  hash[6] = static_cast<unsigned char>((hash[6] & 0x0F) | 0x40);
  hash[8] = static_cast<unsigned char>((hash[8] & 0x3F) | 0x80);
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), 16));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20, 12));
}

}  // namespace vibestack::job_service
