#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_ENVELOPE_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_ENVELOPE_H_

#include <string>

#include "job_service/domain/job.h"

namespace vibestack::job_service {

// The envelope is the JSON object in the column result_payload of a job that is not completed. It
// holds the job's input, progress, failed attempts and schedule. DB_SCHEMA.md lists its keys.

// Returns the envelope of a new job as JSON text. Empty if there is nothing to keep. The envelope
// does not have the job's delay: the database adds the delay to its own time.
std::string MakeEnvelope(const NewJob& job);

// Sets `result` and the other fields of `job` that come from the column result_payload. Needs
// `job.status`. `payload` is JSON text as PostgreSQL prints it. The payload of a completed job is
// the result, and so is JSON without the mark. A value of the wrong type counts as missing.
void ReadPayload(std::string payload, Job& job);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_ENVELOPE_H_
