#ifndef VIBESTACK_COMMON_TLS_MATERIAL_H_
#define VIBESTACK_COMMON_TLS_MATERIAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::tls {

// A PEM file and the flag that names it.
struct PemFile {
  std::string flag;
  std::string path;  // empty: not given
};

// The files of one side of a connection.
struct Files {
  PemFile certificate;  // our certificate chain, the leaf first; requires `key`
  PemFile key;
  PemFile authorities;  // the CA certificates that we trust
};

// The contents of the files. Fields of files that are not given are empty.
struct Material {
  std::string chain;
  Secret key;
  std::string authorities;
  // About our certificate, for the log.
  std::string subject;
  std::string serial;
  absl::Time not_after = absl::InfiniteFuture();
};

bool operator==(const Material& a, const Material& b);

// Reads the files that are given. INVALID_ARGUMENT (with the flag, never the path or the content)
// when a file cannot be read, is larger than 1 MiB or has no certificate, when the key is missing
// from its file or needs a passphrase, when key and certificate do not match, or when only one of
// them is given.
absl::StatusOr<Material> ReadMaterial(const Files& files);

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_MATERIAL_H_
