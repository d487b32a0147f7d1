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

// Calls as a client makes them: through the generated stubs, or as bare bytes.
namespace vibestack::e2e {

// The options of a call.
struct With {
  // Sent as `authorization: Bearer …`; nothing when empty.
  std::string token = "";
  absl::Duration timeout = absl::Seconds(30);
  // Sent as `x-forwarded-for`; nothing when empty.
  std::string forwarded_for = "";
  // Whether the connection may fail or the time be over: else every error must have our details.
  bool transport_may_fail = false;
};

template <typename Response>
struct Result {
  grpc::Status status;
  Response value;

  bool ok() const { return status.ok(); }
  grpc::StatusCode code() const { return status.error_code(); }
  std::string reason() const { return Reason(status); }

  // Prints it in gtest's messages.
  friend void PrintTo(const Result& result, std::ostream* out) { *out << Describe(result.status); }
};

void Prepare(grpc::ClientContext& context, const With& with);

// Expects that an error is as all of our errors are; for every call of every test.
void ExpectWellFormed(const grpc::Status& status, const std::string& what, const With& with);

// One call: `Call(*stubs.users, &UserService::Stub::GetUser, request, {.token = token})`.
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

// A call of `path` (`/package.Service/Method`) with these bytes, whatever they are. Of a method
// with a stream of answers it is the first one.
Result<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                            const std::string& bytes, const With& with = {});

// The state of a health service (`readiness`, `liveness`, empty): "SERVING", "NOT_SERVING", or ""
// when it cannot be had.
std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& name);

// A connection of its own, which comes back quickly after a loss; in plaintext without credentials.
std::shared_ptr<grpc::Channel> Connect(
    const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

// Every method of the three services.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods();
std::string PathOf(const google::protobuf::MethodDescriptor& method);
bool IsOfJobService(const google::protobuf::MethodDescriptor& method);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_CLIENT_H_
