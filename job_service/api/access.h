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

// PERMISSION_DENIED (NOT_YOURS): a user named another user or another user's job. The error does
// not depend on whether it exists.
absl::Status NotYoursError();

// The id of the user that `text` names. `me` and the empty text name the caller. Adds a violation
// when `text` is not a UUID, or names the caller and the caller is a service.
std::string ResolveUser(const auth::Caller& caller, std::string_view field, const std::string& text,
                        rpc::Validator& validator);

// OK when the caller may name this user. A plain user may only name themselves: NOT_YOURS.
absl::Status CheckMayNameUser(const auth::Caller& caller, const std::string& user_id);

// OK when the caller may see this job. NOT_YOURS for a plain user and a missing (null) or foreign
// job, NOT_FOUND for other callers and a missing job.
absl::Status CheckMaySeeJob(const auth::Caller& caller, const std::string& id, const Job* job);

// OK when the caller is the callback of this job, else PERMISSION_DENIED (OTHER_JOB).
absl::Status CheckCallback(const auth::Caller& caller, const std::string& job_id);

// The only user whose jobs the caller may access. Absent for superusers and services: all users.
std::optional<std::string> BoundTo(const auth::Caller& caller);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_ACCESS_H_
