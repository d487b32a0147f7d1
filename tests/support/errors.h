#ifndef VIBESTACK_TESTS_SUPPORT_ERRORS_H_
#define VIBESTACK_TESTS_SUPPORT_ERRORS_H_

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

// The details of an error, as a client reads them.
namespace vibestack::e2e {

// The stable reason of its google.rpc.ErrorInfo; empty without one.
std::string Reason(const grpc::Status& status);

// The fields that its google.rpc.BadRequest names, without the numbers of list items:
// `requests[3].workflow_id` is `requests.workflow_id`.
std::set<std::string> BadFields(const grpc::Status& status);

// Whether the error has a google.rpc.RetryInfo of more than zero and at most an hour.
bool HasRetryInfo(const grpc::Status& status);

// Whether it came from gRPC on this side, such as for a lost connection: no details at all.
bool IsFromTransport(const grpc::Status& status);

// The rules for every error of our services: code and message agree with the details, exactly one
// ErrorInfo of the domain `vibestack` with a reason in capitals, RetryInfo where a retry helps,
// BadRequest for violated fields, ResourceInfo for what was not found, and no SQL or path in it.
testing::AssertionResult IsWellFormed(const grpc::Status& status);

// Describes the error in one line, for failure messages.
std::string Describe(const grpc::Status& status);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_ERRORS_H_
