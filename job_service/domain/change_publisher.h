#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_CHANGE_PUBLISHER_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_CHANGE_PUBLISHER_H_

#include "job_service/domain/job_changes.h"

namespace vibestack::job_service {

// Takes the changes that the stores commit, on their way to the calls that wait for them.
// subscriptions/publisher.h implements it. Implementations are thread-safe.
class ChangePublisher {
 public:
  virtual ~ChangePublisher() = default;

  // Publishes the change event of one committed write. A store calls this after the commit and
  // before the caller of the write gets its result, on a thread of the connection pool. Must not
  // block.
  virtual void Publish(JobChanges changes) = 0;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_CHANGE_PUBLISHER_H_
