#ifndef VIBESTACK_COMMON_TLS_VERIFY_FAULT_H_
#define VIBESTACK_COMMON_TLS_VERIFY_FAULT_H_

#include <optional>
#include <string>

namespace vibestack::tls {

// Why OpenSSL did not believe a peer's certificate.
struct VerifyFault {
  std::string cause;    // such as `certificate has expired`
  std::string subject;  // of the peer's certificate
  std::string serial;
};

// From now on the faults of this process are noted. Call it once, before TLS is used.
//
// gRPC logs no more than `certificate verify failed`, and has no place to ask for more.
void NoteVerifyFaults();

// The fault of the last verification on this thread, if it had one and was not asked for before.
std::optional<VerifyFault> TakeVerifyFault();

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_VERIFY_FAULT_H_
