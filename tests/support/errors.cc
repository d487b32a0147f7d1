#include "tests/support/errors.h"

#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace vibestack::e2e {
namespace {

template <typename Detail>
std::vector<Detail> DetailsOf(const grpc::Status& status) {
  google::rpc::Status whole;
  whole.ParseFromString(status.error_details());
  std::vector<Detail> found;
  for (const auto& any : whole.details()) {
    Detail detail;
    if (any.Is<Detail>() && any.UnpackTo(&detail)) found.push_back(detail);
  }
  return found;
}

bool IsUpperSnakeCase(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos;
}

// Whether a message reveals internals of a service.
bool RevealsInternals(const std::string& message) {
  for (const char* word : {"SELECT ", "INSERT ", "UPDATE ", "unnest", "pqxx", "psql", "relation \"",
                           "::uuid", ".cc", "/home", "/tmp", "/root", "postgresql:", "SQLSTATE"}) {
    if (message.find(word) != std::string::npos) return true;
  }
  return false;
}

std::string WithoutIndexes(const std::string& field) {
  std::string path;
  bool inside = false;
  for (const char c : field) {
    if (c == '[') inside = true;
    if (!inside) path += c;
    if (c == ']') inside = false;
  }
  return path;
}

// Why an error is not well formed; empty if it is.
std::string Fault(const grpc::Status& status) {
  google::rpc::Status whole;
  if (status.error_details().empty() || !whole.ParseFromString(status.error_details())) {
    return "has no details";
  }
  if (whole.code() != status.error_code() || whole.message() != status.error_message()) {
    return "disagrees with its details";
  }
  const auto infos = DetailsOf<google::rpc::ErrorInfo>(status);
  if (infos.size() != 1) return "has " + std::to_string(infos.size()) + " ErrorInfo";
  if (infos[0].domain() != "vibestack") return "has another domain: " + infos[0].domain();
  if (!IsUpperSnakeCase(infos[0].reason())) return "has an odd reason";
  if (status.error_message().empty()) return "has no message";
  if (RevealsInternals(status.error_message())) return "reveals internals";
  const auto code = status.error_code();
  const bool retry = code == grpc::UNAVAILABLE || code == grpc::RESOURCE_EXHAUSTED;
  if (retry && !HasRetryInfo(status)) return "has no RetryInfo";
  if (code == grpc::INVALID_ARGUMENT && infos[0].reason() == "INVALID_FIELDS" &&
      BadFields(status).empty()) {
    return "names no field";
  }
  if (code == grpc::NOT_FOUND && DetailsOf<google::rpc::ResourceInfo>(status).size() != 1) {
    return "has no ResourceInfo";
  }
  return "";
}

}  // namespace

std::string Reason(const grpc::Status& status) {
  const auto infos = DetailsOf<google::rpc::ErrorInfo>(status);
  return infos.empty() ? "" : infos[0].reason();
}

std::set<std::string> BadFields(const grpc::Status& status) {
  std::set<std::string> fields;
  for (const auto& bad_request : DetailsOf<google::rpc::BadRequest>(status)) {
    for (const auto& violation : bad_request.field_violations()) {
      fields.insert(WithoutIndexes(violation.field()));
    }
  }
  return fields;
}

bool HasRetryInfo(const grpc::Status& status) {
  const auto infos = DetailsOf<google::rpc::RetryInfo>(status);
  if (infos.size() != 1) return false;
  const auto& delay = infos[0].retry_delay();
  return delay.seconds() >= 0 && delay.seconds() <= 3'600 &&
         (delay.seconds() > 0 || delay.nanos() > 0);
}

bool IsFromTransport(const grpc::Status& status) {
  const auto code = status.error_code();
  return status.error_details().empty() &&
         (code == grpc::UNAVAILABLE || code == grpc::DEADLINE_EXCEEDED || code == grpc::CANCELLED);
}

testing::AssertionResult IsWellFormed(const grpc::Status& status) {
  const std::string fault = status.ok() ? "is no error" : Fault(status);
  if (fault.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << Describe(status) << " " << fault;
}

std::string Describe(const grpc::Status& status) {
  if (status.ok()) return "OK";
  std::string line = "code " + std::to_string(status.error_code()) + " " + Reason(status) + " \"" +
                     status.error_message() + "\"";
  for (const std::string& field : BadFields(status)) line += " [" + field + "]";
  return line;
}

}  // namespace vibestack::e2e
