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

// PERMISSION_DENIED (NOT_YOURS): a user named something of somebody else's, whether it exists or
// not.
absl::Status NotYoursError();

// The id of the user that `text` names: `me` and the empty text are the caller. Adds a violation
// where it is no UUID, or the caller, being a service, is nobody.
std::string ResolveUser(const auth::Caller& caller, std::string_view field, const std::string& text,
                        rpc::Validator& validator);

// Whether the caller may name this user: a plain user only themselves.
absl::Status CheckMayName(const auth::Caller& caller, const std::string& user_id);

// Whether the caller may see this job, which may be null: NOT_YOURS for a plain user who does not
// own it, else NOT_FOUND where there is none.
absl::Status CheckMaySee(const auth::Caller& caller, const std::string& id, const Job* job);

// Whether a callback speaks of its own job: PERMISSION_DENIED (OTHER_JOB).
absl::Status CheckCallback(const auth::Caller& caller, const std::string& job_id);

// The user to whom a caller is bound; none for superusers and services.
std::optional<std::string> BoundTo(const auth::Caller& caller);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_ACCESS_H_
