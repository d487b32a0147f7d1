#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_REQUEST_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_REQUEST_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/http/message.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// Where a run calls back, and the right to.
struct Callback {
  std::string
      url;  // `…/v1/jobs/<id>`, to which a run adds `:complete`, `:fail` or `:reportProgress`.
  Secret token;
};

// The request that hands a job to its workflow: a JSON object in UTF-8 with `job_id`, `user_id`
// (null for none), `workflow_id`, `input` (null for none) and, where there is a callback,
// `callback_url` and `callback_token`; with the workflow's headers, the job's id as
// `idempotency-key` and, where there is a secret, the signature of common/http/signature.h. `input`
// is JSON text or empty.
http::Request DispatchRequest(const Push& push, const Job& job, const std::string& input,
                              const std::optional<Callback>& callback, absl::Time now);

// The request that tells a workflow's cancel URL: `job_id`, `user_id`, `workflow_id` and `reason`,
// with the same headers but for the `idempotency-key`, which is `cancel-` and the id.
http::Request CancelRequest(const Push& push, const Job& job, const std::string& reason,
                            absl::Time now);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_REQUEST_H_
