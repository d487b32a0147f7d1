#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_REQUEST_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_REQUEST_H_

#include <optional>
#include <string>

#include "common/base/secret.h"
#include "common/http/delivery.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// Where a run calls back, and its token.
struct Callback {
  // `…/v1/jobs/<id>`, to which a run adds `:complete`, `:fail` or `:reportProgress`.
  std::string url;
  Secret token;
};

// The delivery that pushes a job to its workflow. The body is a JSON object in UTF-8 with `job_id`,
// `user_id` (null for none), `workflow_id`, `attempt`, `input` (null for none) and, if `callback`
// is set, `callback_url` and `callback_token`. The delivery has the workflow's headers and signing
// secret. Its idempotency key is the job's id and the number of the attempt: `<id>-<attempt>`.
http::Delivery JobDelivery(const Push& push, const Job& job,
                           const std::optional<Callback>& callback);

// The delivery that notifies a workflow's cancel URL. The body has `job_id`, `user_id`,
// `workflow_id` and `reason`. The delivery has the same headers and signing secret; its idempotency
// key is `cancel-` and the job's id.
http::Delivery CancelDelivery(const Push& push, const Job& job, const std::string& reason);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_REQUEST_H_
