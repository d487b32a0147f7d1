#include "common/tls/material.h"

#include <openssl/pem.h>

#include <ctime>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/tls/openssl.h"

namespace vibestack::tls {
namespace {

constexpr size_t kLargestFile = 1 << 20;

absl::Status Refuse(const PemFile& file, const char* fault) {
  return absl::InvalidArgumentError(absl::StrCat("--", file.flag, " ", fault));
}

absl::StatusOr<std::string> ReadPem(const PemFile& file) {
  if (file.path.empty()) return std::string();
  std::ifstream stream(file.path, std::ios::binary);
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  if (text.empty()) return Refuse(file, "is not a readable file, or is empty");
  if (text.size() > kLargestFile) return Refuse(file, "is larger than 1 MiB");
  text.shrink_to_fit();
  return text;
}

// The first certificate; null when there is none, or when a later one is malformed.
CertificatePtr FirstCertificate(const std::string& text) {
  const BioPtr reader = OpensslReader(text);
  CertificatePtr first(PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr));
  if (first == nullptr) return nullptr;
  while (CertificatePtr(PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr))) {
  }
  const auto error = ERR_peek_last_error();
  const bool at_the_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  return at_the_end ? std::move(first) : nullptr;
}

absl::Time NotAfter(const X509& certificate) {
  std::tm civil{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &civil) != 1) return absl::InfiniteFuture();
  return absl::FromTM(civil, absl::UTCTimeZone());
}

absl::Status Describe(const Files& files, Material& material) {
  const CertificatePtr leaf = FirstCertificate(material.chain);
  if (leaf == nullptr) return Refuse(files.certificate, "does not hold valid certificates in PEM");
  const BioPtr reader = OpensslReader(material.key.Reveal());
  const PrivateKeyPtr key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return Refuse(files.key, "does not hold a private key in PEM without a passphrase");
  }
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    return Refuse(files.key, absl::StrCat("is not the key of the first certificate in --",
                                          files.certificate.flag)
                                 .c_str());
  }
  material.subject = SubjectOf(*leaf);
  material.serial = SerialOf(*leaf);
  material.not_after = NotAfter(*leaf);
  return absl::OkStatus();
}

}  // namespace

bool operator==(const Material& a, const Material& b) {
  return a.chain == b.chain && a.key == b.key && a.authorities == b.authorities;
}

absl::StatusOr<Material> ReadMaterial(const Files& files) {
  if (files.certificate.path.empty() != files.key.path.empty()) {
    const bool key_is_missing = files.key.path.empty();
    return Refuse(key_is_missing ? files.certificate : files.key,
                  absl::StrCat("is given without --",
                               key_is_missing ? files.key.flag : files.certificate.flag)
                      .c_str());
  }
  absl::StatusOr<std::string> chain = ReadPem(files.certificate);
  if (!chain.ok()) return chain.status();
  absl::StatusOr<std::string> key = ReadPem(files.key);
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> authorities = ReadPem(files.authorities);
  if (!authorities.ok()) return authorities.status();
  Material material;
  material.chain = *std::move(chain);
  material.key = Secret(*std::move(key));
  material.authorities = *std::move(authorities);
  const OpensslErrorScope errors;
  if (!files.authorities.path.empty() && FirstCertificate(material.authorities) == nullptr) {
    return Refuse(files.authorities, "does not hold valid certificates in PEM");
  }
  if (!files.certificate.path.empty()) {
    const absl::Status described = Describe(files, material);
    if (!described.ok()) return described;
  }
  return material;
}

}  // namespace vibestack::tls
