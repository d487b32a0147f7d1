#ifndef VIBESTACK_JOB_SERVICE_STORE_MAX_ATTEMPTS_H_
#define VIBESTACK_JOB_SERVICE_STORE_MAX_ATTEMPTS_H_

#include <cstdint>
#include <string>

#include "common/db/params.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// Adds the arguments of the macro max_attempts (envelope.sql): the workflows that have a number of
// attempts, these numbers, and the number of all other workflows.
inline void AddMaxAttempts(const WorkflowSet& workflows, db::Params& params) {
  db::ArrayBuilder ids;
  db::ArrayBuilder maxima;
  for (const auto& [id, workflow] : workflows.all()) {
    if (!workflow.max_attempts.has_value()) continue;
    ids.Add(id);
    maxima.Add(std::to_string(*workflow.max_attempts));
  }
  params.Add(ids.Finish()).Add(maxima.Finish()).Add(int64_t{kDefaultMaxAttempts});
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_MAX_ATTEMPTS_H_
