#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_

#include <map>
#include <string>
#include <vector>

namespace vibestack::job_service {

// The change event of a committed write.
struct JobChanges {
  // Jobs that were created or deleted, or whose status or result changed.
  std::vector<std::string> changed;
  // The deleted jobs among them, by user. The user is empty for jobs without one.
  std::map<std::string, std::vector<std::string>> deleted;
  // How many jobs became claimable, by workflow.
  std::map<std::string, int> pending;

  bool empty() const { return changed.empty() && pending.empty(); }
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_
