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

// Starts to record verification faults of this process. Call it once, before TLS is used.
//
// gRPC logs only `certificate verify failed` and offers no way to get the reason.
void RecordVerifyFaults();

// Returns the fault of the last verification on this thread and forgets it; nothing without one.
std::optional<VerifyFault> TakeVerifyFault();

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_VERIFY_FAULT_H_
