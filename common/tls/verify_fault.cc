#include "common/tls/verify_fault.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <utility>

#include "common/tls/openssl.h"

namespace vibestack::tls {
namespace {

thread_local std::optional<VerifyFault> last_fault;

// OpenSSL calls it at the end of each verification, on its thread.
void OnVerificationEnd(void* parent, void*, CRYPTO_EX_DATA*, int, long, void*) {
  auto* verification = static_cast<X509_STORE_CTX*>(parent);
  // Record handshakes only: they keep the peer's certificate until the end, other verifications may
  // not.
  if (X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()) == nullptr) {
    return;
  }
  last_fault.reset();
  const int error = X509_STORE_CTX_get_error(verification);
  const X509* certificate = X509_STORE_CTX_get0_cert(verification);
  if (error == X509_V_OK || certificate == nullptr) return;
  last_fault = {X509_verify_cert_error_string(error), SubjectOf(*certificate),
                SerialOf(*certificate)};
}

}  // namespace

void RecordVerifyFaults() {
  CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE_CTX, 0, nullptr, nullptr, nullptr,
                          OnVerificationEnd);
}

std::optional<VerifyFault> TakeVerifyFault() { return std::exchange(last_fault, std::nullopt); }

}  // namespace vibestack::tls
