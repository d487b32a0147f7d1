#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_NEWS_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_NEWS_H_

#include <map>
#include <string>
#include <vector>

namespace vibestack::job_service {

// What a committed write means to those who wait.
struct JobNews {
  // Jobs that ended or went back to pending.
  std::vector<std::string> changed;
  // How many jobs there are to claim now that were not before, by workflow.
  std::map<std::string, int> pending;

  bool empty() const { return changed.empty() && pending.empty(); }
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_NEWS_H_
