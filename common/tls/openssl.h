#ifndef VIBESTACK_COMMON_TLS_OPENSSL_H_
#define VIBESTACK_COMMON_TLS_OPENSSL_H_

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/base/openssl.h"

namespace vibestack::tls {

using CertificatePtr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using PrivateKeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;

// The subject of a certificate in the form of RFC 2253, such as `CN=job_service`, cut to 200 bytes
// because an unknown peer may send it.
std::string SubjectOf(const X509& certificate);

// The serial number of a certificate in hexadecimal.
std::string SerialOf(const X509& certificate);

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_OPENSSL_H_
