#ifndef VIBESTACK_JOB_SERVICE_STORE_ROWS_H_
#define VIBESTACK_JOB_SERVICE_STORE_ROWS_H_

#include <pqxx/pqxx>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// Reads a job from a row that begins with the columns of the macro job_columns (read.sql), followed
// by result_payload as text, or NULL.
Job ReadJob(const pqxx::row& row);

// Reads a job from each row.
std::vector<Job> ReadJobs(const pqxx::result& rows);

// Reads a column with microseconds since 1970.
absl::Time ReadTime(const pqxx::field& field);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_ROWS_H_
