#ifndef VIBESTACK_JOB_SERVICE_STORE_SESSION_OPTIONS_H_
#define VIBESTACK_JOB_SERVICE_STORE_SESSION_OPTIONS_H_

#include <string>

#include "common/db/session.h"

namespace vibestack::job_service {

// The session options for job_service's connection pools: its statements and settings.
db::SessionOptions JobSessionOptions(const std::string& database_url);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_SESSION_OPTIONS_H_
