#include "job_service/api/access.h"

#include "common/base/error.h"
#include "common/base/uuid.h"

namespace vibestack::job_service {

absl::Status NotYoursError() {
  return PermissionDeniedError("NOT_YOURS", "you may act only for yourself and on your own jobs");
}

std::string ResolveUser(const auth::Caller& caller, std::string_view field, const std::string& text,
                        rpc::Validator& validator) {
  if (text.empty() || text == "me") {
    if (!caller.IsUser()) validator.Add(field, "must name a user: a service has no account");
    return caller.user_id;
  }
  validator.Id(field, text);
  return CanonicalUuid(text);
}

absl::Status CheckMayNameUser(const auth::Caller& caller, const std::string& user_id) {
  const auto bound = BoundTo(caller);
  if (bound.has_value() && *bound != user_id) return NotYoursError();
  return absl::OkStatus();
}

absl::Status CheckMaySeeJob(const auth::Caller& caller, const std::string& id, const Job* job) {
  const auto bound = BoundTo(caller);
  if (bound.has_value() && (job == nullptr || job->user_id != *bound)) return NotYoursError();
  if (job == nullptr) return NotFoundError("job", id);
  return absl::OkStatus();
}

absl::Status CheckCallback(const auth::Caller& caller, const std::string& job_id) {
  if (caller.IsCallback() && caller.job_id == job_id) return absl::OkStatus();
  return PermissionDeniedError("OTHER_JOB", "the callback token is for another job");
}

std::optional<std::string> BoundTo(const auth::Caller& caller) {
  if (caller.IsService() || caller.IsSuperuser()) return std::nullopt;
  return caller.user_id;
}

}  // namespace vibestack::job_service
