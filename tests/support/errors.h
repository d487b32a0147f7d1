#ifndef VIBESTACK_TESTS_SUPPORT_ERRORS_H_
#define VIBESTACK_TESTS_SUPPORT_ERRORS_H_

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

// Reads the details of an error, as a client does.
namespace vibestack::e2e {

// The reason of the error's google.rpc.ErrorInfo; empty without one.
std::string Reason(const grpc::Status& status);

// The fields that the error's google.rpc.BadRequest names, without the indexes of list items:
// `requests[3].workflow_id` is `requests.workflow_id`.
std::set<std::string> BadFields(const grpc::Status& status);

// Whether the error has a google.rpc.RetryInfo of more than zero and at most an hour.
bool HasRetryInfo(const grpc::Status& status);

// Whether the client's own gRPC made the error, for example for a lost connection: it has no
// details.
bool IsFromTransport(const grpc::Status& status);

// The rules for every error of our services: code and message agree with the details, exactly one
// ErrorInfo of the domain `vibestack` with a reason in capitals, RetryInfo where a retry helps,
// BadRequest for violated fields, ResourceInfo for what was not found, and no SQL or path in it.
testing::AssertionResult IsWellFormed(const grpc::Status& status);

// Describes the error in one line, for failure messages.
std::string Describe(const grpc::Status& status);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_ERRORS_H_
