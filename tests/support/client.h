#ifndef VIBESTACK_TESTS_SUPPORT_CLIENT_H_
#define VIBESTACK_TESTS_SUPPORT_CLIENT_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/errors.h"

// Makes calls as a client does: through the generated stubs, or with raw bytes.
namespace vibestack::e2e {

// The options of a call.
struct With {
  // Sent as `authorization: Bearer …`; nothing when empty.
  std::string token = "";
  absl::Duration timeout = absl::Seconds(30);
  // Sent as `x-forwarded-for`; nothing when empty.
  std::string forwarded_for = "";
  // Whether the connection may fail or the deadline may pass. Otherwise every error must have our
  // details.
  bool transport_may_fail = false;
};

template <typename Response>
struct Result {
  grpc::Status status;
  Response value;

  bool ok() const { return status.ok(); }
  grpc::StatusCode code() const { return status.error_code(); }
  std::string reason() const { return Reason(status); }

  // For gtest's messages.
  friend void PrintTo(const Result& result, std::ostream* out) { *out << Describe(result.status); }
};

void Prepare(grpc::ClientContext& context, const With& with);

// Expects that an error has the form of all our errors (IsWellFormed). Call() checks every call
// with it.
void ExpectWellFormed(const grpc::Status& status, const std::string& what, const With& with);

// Makes a call: `Call(*stubs.users, &UserService::Stub::GetUser, request, {.token = token})`.
template <typename Stub, typename Request, typename Response>
Result<Response> Call(Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, const With& with = {}) {
  grpc::ClientContext context;
  Prepare(context, with);
  Result<Response> result;
  result.status = (stub.*method)(&context, request, &result.value);
  ExpectWellFormed(result.status, Request::descriptor()->full_name(), with);
  return result;
}

// Calls `path` (`/package.Service/Method`) with any bytes as the request. For a streaming method,
// returns the first message.
Result<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                            const std::string& bytes, const With& with = {});

// The status of a health service (`readiness`, `liveness` or empty): "SERVING", "NOT_SERVING", or
// "" without an answer.
std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& name);

// Opens a separate connection, which reconnects quickly after a loss. Plaintext if `credentials` is
// null.
std::shared_ptr<grpc::Channel> Connect(
    const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

// Every method of the three services.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods();
std::string PathOf(const google::protobuf::MethodDescriptor& method);
bool IsOfJobService(const google::protobuf::MethodDescriptor& method);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_CLIENT_H_
