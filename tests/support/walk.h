#ifndef VIBESTACK_TESTS_SUPPORT_WALK_H_
#define VIBESTACK_TESTS_SUPPORT_WALK_H_

#include <string>
#include <vector>

#include "tests/support/services.h"

// Steps of a job's life. Each one makes a call that must succeed, unless its comment says
// otherwise.
namespace vibestack::e2e {

// Creates a job for the person.
job::v1::Job CreateJob(Services& services, const Person& person, const std::string& workflow_id);

// Claims the only pending job of a workflow.
job::v1::ClaimedJob ClaimJob(Services& services, const std::string& workflow_id);

// Creates and claims a job of a new workflow.
job::v1::ClaimedJob CreateAndClaim(Services& services, const Person& person);

// Creates `count` jobs, in calls of a thousand, and claims them all.
std::vector<job::v1::ClaimedJob> CreateAndClaimMany(Services& services, const Person& person,
                                                    const std::string& workflow_id, int count);

// Completes a claimed job with this JSON text. The call may fail.
Result<job::v1::Job> Complete(Services& services, const job::v1::ClaimedJob& claimed,
                              const std::string& result_json);

// Reads a job with this token. The call may fail.
Result<job::v1::Job> GetJob(Services& services, const std::string& token, const std::string& id,
                            job::v1::JobView view = job::v1::JOB_VIEW_UNSPECIFIED);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_WALK_H_
