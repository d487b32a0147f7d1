#ifndef VIBESTACK_COMMON_BASE_SECRET_H_
#define VIBESTACK_COMMON_BASE_SECRET_H_

#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

namespace vibestack {

// A credential. It cannot be printed or formatted, is compared in constant time, and overwrites its
// memory on destruction. Concurrent reads are safe, writes are not.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) = default;
  ~Secret() { OPENSSL_cleanse(value_.data(), value_.size()); }

  // The credential, for the code that needs it. Valid while this lives.
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend bool operator==(const Secret& a, const Secret& b) {
    return a.value_.size() == b.value_.size() &&
           CRYPTO_memcmp(a.value_.data(), b.value_.data(), a.value_.size()) == 0;
  }

 private:
  std::string value_;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_SECRET_H_
