#ifndef VIBESTACK_COMMON_TLS_VERIFY_FAULT_H_
#define VIBESTACK_COMMON_TLS_VERIFY_FAULT_H_

#include <optional>
#include <string>

namespace vibestack::tls {

// Why OpenSSL rejected a peer's certificate.
struct VerifyFault {
  std::string cause;    // such as `certificate has expired`
  std::string subject;  // of the peer's certificate
  std::string serial;
};

// Records the verification faults of this process from now on. Call it once, before the first use
// of TLS.
//
// (gRPC logs only `certificate verify failed` and has no API for the cause.)
void RecordVerifyFaults();

// Returns the fault of the last verification on this thread and removes it; nothing if that
// verification succeeded.
std::optional<VerifyFault> TakeVerifyFault();

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_VERIFY_FAULT_H_
