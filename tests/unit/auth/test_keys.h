#ifndef VIBESTACK_TESTS_UNIT_AUTH_TEST_KEYS_H_
#define VIBESTACK_TESTS_UNIT_AUTH_TEST_KEYS_H_

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/auth/base64url.h"
#include "common/auth/es256.h"
#include "common/auth/key_set.h"
#include "common/base/secret.h"

namespace vibestack::auth {

inline constexpr char kUser[] = "0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d";
inline constexpr char kFingerprint[] = "AAAAAAAAAAAAAAAAAAAAAA";

// Key pairs by kid, and key sets made from them.
class TestKeys {
 public:
  explicit TestKeys(const std::vector<std::string>& kids) {
    for (const std::string& kid : kids) keys_.emplace(kid, *Es256Key::Generate());
  }
  const Es256Key& at(const std::string& kid) const { return keys_.at(kid); }
  Secret Pem(const std::string& kid) const { return *keys_.at(kid).ToPrivatePem(); }
  std::shared_ptr<const KeySet> Set(const std::vector<std::string>& kids) const {
    std::map<std::string, Secret> pems;
    for (const std::string& kid : kids) pems.emplace(kid, Pem(kid));
    return *KeySet::FromPems(pems);
  }

 private:
  std::map<std::string, Es256Key> keys_;
};

// A correctly signed token with any header and payload.
inline std::string SignToken(const Es256Key& key, const std::string& header,
                             const std::string& payload) {
  const std::string text = Base64UrlEncode(header) + "." + Base64UrlEncode(payload);
  return text + "." + Base64UrlEncode(*key.Sign(text));
}

// A token with a symmetric signature (HMAC), which every holder of `secret` could make.
inline std::string HmacToken(const std::string& secret, const std::string& header,
                             const std::string& payload) {
  const std::string text = Base64UrlEncode(header) + "." + Base64UrlEncode(payload);
  unsigned char mac[32];
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, nullptr);
  return text + "." + Base64UrlEncode(std::string(reinterpret_cast<char*>(mac), sizeof(mac)));
}

// A public key in PEM (SubjectPublicKeyInfo, RFC 5480), from its coordinates.
inline std::string PublicPem(const std::string& x, const std::string& y) {
  const std::string der =
      std::string(
          "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d"
          "\x03\x01\x07\x03\x42\x00\x04",
          27) +
      x + y;
  std::string base64(4 * ((der.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                   reinterpret_cast<const unsigned char*>(der.data()),
                                   static_cast<int>(der.size()));
  base64.resize(static_cast<size_t>(size));
  return "-----BEGIN PUBLIC KEY-----\n" + base64.substr(0, 64) + "\n" + base64.substr(64) +
         "\n-----END PUBLIC KEY-----\n";
}

// A temporary directory; its destructor deletes it.
class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "vibestack-auth-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << content;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(path_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void Remove(const std::string& name) const { std::filesystem::remove(path_ + "/" + name); }
  mode_t Mode(const std::string& name) const {
    struct stat info {};
    return stat((path_ + "/" + name).c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
  }
  size_t Count() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_),
                                             std::filesystem::directory_iterator()));
  }

 private:
  std::string path_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_TESTS_UNIT_AUTH_TEST_KEYS_H_
