#ifndef VIBESTACK_JOB_SERVICE_API_ACCESS_H_
#define VIBESTACK_JOB_SERVICE_API_ACCESS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/auth/caller.h"
#include "common/rpc/validator.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// PERMISSION_DENIED (NOT_YOURS): a user named another user, or a job of another user. The same
// error if that user or job does not exist.
absl::Status NotYoursError();

// Resolves `me`, an empty text (both mean the caller) or a UUID to a user id. Adds a violation for
// any other text, and if a service means itself.
std::string ResolveUser(const auth::Caller& caller, std::string_view field, const std::string& text,
                        rpc::Validator& validator);

// OK if the caller may name this user. NOT_YOURS if the caller is neither this user, nor a
// superuser, nor a service.
absl::Status CheckMayNameUser(const auth::Caller& caller, const std::string& user_id);

// OK if the caller may see this job; `job` is null if it does not exist. NOT_YOURS if the caller
// may see only their own jobs and the job is missing or another user's. NOT_FOUND if it is missing
// and the caller is a superuser or a service.
absl::Status CheckMaySeeJob(const auth::Caller& caller, const std::string& id, const Job* job);

// OK if the caller's callback token is for this job, else PERMISSION_DENIED (OTHER_JOB).
absl::Status CheckCallback(const auth::Caller& caller, const std::string& job_id);

// The only user whose jobs the caller may access. Absent for superusers and services, who may
// access all jobs.
std::optional<std::string> BoundTo(const auth::Caller& caller);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_ACCESS_H_
