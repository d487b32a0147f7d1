#ifndef VIBESTACK_COMMON_BASE_OPENSSL_H_
#define VIBESTACK_COMMON_BASE_OPENSSL_H_

#include <openssl/bio.h>
#include <openssl/err.h>

#include <memory>
#include <string>

// Helpers for code that calls OpenSSL.
namespace vibestack {

// A deleter that calls `Free`: `std::unique_ptr<BIGNUM, OpensslFree<BN_free>>`.
template <auto Free>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;

// A reader of `text`, which must outlive it.
inline BioPtr OpensslReader(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Its destructor removes the errors that calls in this scope left in the thread's error queue.
// Otherwise TLS code on the same thread reads that queue and takes them for its own.
class OpensslErrorScope {
 public:
  OpensslErrorScope() { ERR_set_mark(); }
  ~OpensslErrorScope() { ERR_pop_to_mark(); }
  OpensslErrorScope(const OpensslErrorScope&) = delete;
  OpensslErrorScope& operator=(const OpensslErrorScope&) = delete;
};

// A passphrase callback without a passphrase. Without a callback OpenSSL asks on the terminal for
// the passphrase of an encrypted key.
inline int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_OPENSSL_H_
