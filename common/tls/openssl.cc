#include "common/tls/openssl.h"

#include <openssl/bn.h>

namespace vibestack::tls {
namespace {

constexpr size_t kLongestName = 200;

std::string TextOf(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

std::string SubjectOf(const X509& certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
  return TextOf(memory.get()).substr(0, kLongestName);
}

std::string SerialOf(const X509& certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  i2a_ASN1_INTEGER(memory.get(), X509_get0_serialNumber(&certificate));
  return TextOf(memory.get()).substr(0, kLongestName);
}

}  // namespace vibestack::tls
