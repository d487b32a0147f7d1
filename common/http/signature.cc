#include "common/http/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace vibestack::http {

std::vector<Header> SignatureHeaders(const Secret& secret, absl::Time at, std::string_view body) {
  const std::string timestamp = std::to_string(absl::ToUnixSeconds(at));
  std::string message = timestamp + ".";
  message += body;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  // Fails only if OpenSSL lacks SHA-256; nothing else would work then.
  if (HMAC(EVP_sha256(), secret.Reveal().data(), static_cast<int>(secret.Reveal().size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest,
           &size) == nullptr) {
    std::abort();
  }
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
  return {{kTimestampHeader, timestamp}, {kSignatureHeader, "v1=" + hex}};
}

}  // namespace vibestack::http
