#include "job_service/store/rows.h"

#include <cstdlib>

#include "job_service/domain/envelope.h"

namespace vibestack::job_service {
namespace {

std::string ReadText(const pqxx::field& field) { return std::string(field.c_str(), field.size()); }

}  // namespace

absl::Time ReadTime(const pqxx::field& field) {
  return absl::FromUnixMicros(std::strtoll(field.c_str(), nullptr, 10));
}

Job ReadJob(const pqxx::row& row) {
  Job job;
  job.id = ReadText(row[0]);
  job.user_id = ReadText(row[1]);
  job.workflow_id = ReadText(row[2]);
  job.status = ParseJobStatus(row[3].c_str());
  job.created_at = ReadTime(row[4]);
  job.updated_at = ReadTime(row[5]);
  // The macro shown_payload gives no text for a payload that is too large.
  job.payload_too_large = !row[6].is_null() && row[6].size() == 0;
  if (!row[6].is_null() && !job.payload_too_large) ReadPayload(ReadText(row[6]), job);
  return job;
}

std::vector<Job> ReadJobs(const pqxx::result& rows) {
  std::vector<Job> jobs;
  jobs.reserve(rows.size());
  for (const pqxx::row& row : rows) jobs.push_back(ReadJob(row));
  return jobs;
}

}  // namespace vibestack::job_service
