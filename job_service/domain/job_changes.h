#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_

#include <map>
#include <string>
#include <vector>

namespace vibestack::job_service {

// What a committed write means to those who wait.
struct JobChanges {
  // Jobs that are new, whose status or result changed, or that are gone.
  std::vector<std::string> changed;
  // Those of them that are gone, by their user (empty for none).
  std::map<std::string, std::vector<std::string>> deleted;
  // How many jobs there are to claim now that were not before, by workflow.
  std::map<std::string, int> pending;

  bool empty() const { return changed.empty() && pending.empty(); }
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_CHANGES_H_
