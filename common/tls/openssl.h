#ifndef VIBESTACK_COMMON_TLS_OPENSSL_H_
#define VIBESTACK_COMMON_TLS_OPENSSL_H_

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/base/openssl.h"

namespace vibestack::tls {

using CertificatePtr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using PrivateKeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;

// The certificate's subject as RFC 2253 writes it, such as `CN=job_service`, cut at 200 bytes: it
// may be a stranger's.
std::string SubjectOf(const X509& certificate);

// The certificate's serial number in hexadecimal digits.
std::string SerialOf(const X509& certificate);

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_OPENSSL_H_
