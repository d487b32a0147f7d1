#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_

#include <map>
#include <string>
#include <vector>

namespace vibestack::job_service {

// The change event of a committed write.
struct JobChanges {
  // The ids of the jobs that were created or deleted, or whose status or result changed.
  std::vector<std::string> changed;
  // The ids of the deleted jobs among them, by user id. Jobs without a user are under the empty id.
  std::map<std::string, std::vector<std::string>> deleted;
  // The number of jobs that became ready, or of places that became free (Workflow::max_processing),
  // by workflow id.
  std::map<std::string, int> pending;

  bool empty() const { return changed.empty() && pending.empty(); }
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_
