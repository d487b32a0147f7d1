#ifndef VIBESTACK_JOB_SERVICE_STORE_JOB_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_JOB_STORE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/db/lagging_reads.h"
#include "common/db/pool.h"
#include "common/telemetry/batch_metrics.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/change_publisher.h"
#include "job_service/domain/job.h"
#include "job_service/domain/job_changes.h"
#include "job_service/domain/job_query.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/claim_queues.h"
#include "job_service/store/job_metrics.h"
#include "job_service/store/round_robin_cursor.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {

// How every session of job_service is set up: our statements, our settings.
db::SessionOptions JobSessionOptions(const std::string& database_url);

struct JobStoreOptions {
  // How calls of one kind are batched; the store fills in on_batch.
  CoalescerOptions batches;
  // How long a lease lasts without a heartbeat, unless the workflow says otherwise.
  absl::Duration lease_duration = absl::Seconds(60);
  // The workflows that are configured now.
  std::function<WorkflowSetPtr()> workflows = [] { return std::make_shared<const WorkflowSet>(); };
  // Where what may lag is read while it is there; null: from the pool. Must outlive the store.
  db::Pool* standby = nullptr;
};

// The jobs in the database. Calls that come at once share statements (see Coalescer). Errors: those
// of statements.h, of Coalescer and of Pool. Publishes what its committed writes changed.
// Thread-safe. The pool, the publisher and the metrics must outlive it.
class JobStore {
 public:
  JobStore(JobStoreOptions options, db::Pool& pool, ChangePublisher& publisher, Metrics& metrics);
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;
  ~JobStore() { Close(); }

  // Refuses what waits and returns when no batch is under way. May be called twice.
  void Close();

  // Coalesced. NOT_FOUND (USER_NOT_FOUND) when the owner is gone.
  Task<absl::StatusOr<Creation>> Create(NewJob job, absl::Time deadline);
  // All or none, in one transaction; no id twice. Jobs that existed come without their results.
  Task<absl::StatusOr<std::vector<Creation>>> CreateAll(std::vector<NewJob> jobs,
                                                        absl::Time deadline);

  // Coalesced. Null where there is none.
  Task<absl::StatusOr<JobPtr>> Get(JobKey key, absl::Time deadline);
  Task<absl::StatusOr<std::vector<JobPtr>>> GetAll(std::vector<JobKey> keys, absl::Time deadline);
  // See GetJobsUpTo and ListJobs.
  Task<absl::StatusOr<std::vector<JobPtr>>> GetUpTo(std::vector<std::string> ids,
                                                    absl::Time deadline);
  Task<absl::StatusOr<JobPage>> List(JobQuery query, absl::Time deadline);

  // Coalesced. Jobs that are this caller's now, oldest first; none when there are none. Fair across
  // users. None is claimed for a caller whose deadline is over.
  Task<absl::StatusOr<std::vector<Job>>> Claim(ClaimRequest claim, absl::Time deadline);
  // Makes jobs pending again that were claimed for somebody who is gone. Where this fails, which is
  // logged, they are when their lease runs out.
  Task<void> HandBack(std::vector<Job> jobs);

  // Coalesced.
  Task<absl::StatusOr<Job>> Finish(JobFinish finish, absl::Time deadline);
  // The same for many at once.
  Task<std::vector<absl::StatusOr<Job>>> FinishAll(std::vector<JobFinish> finishes,
                                                   absl::Time deadline);
  // Coalesced; no job twice. When the answer of the database is lost so are the tokens:
  // UNAVAILABLE.
  Task<absl::StatusOr<std::vector<absl::StatusOr<HeldJob>>>> Heartbeat(std::vector<Lease> leases,
                                                                       absl::Time deadline);
  Task<absl::StatusOr<Job>> Cancel(std::string id, std::optional<std::string> owner,
                                   std::string result, absl::Time deadline);

  // Coalesced. Stores the progress of a job that is processed (a `finish` with that state) and
  // extends its lease: the token is in the answer. When the answer of the database is lost so is
  // the token: UNAVAILABLE.
  Task<absl::StatusOr<Job>> Progress(JobFinish finish, absl::Time deadline);
  // No job twice. Answers an error, or OK, for each.
  Task<absl::StatusOr<std::vector<absl::Status>>> Release(std::vector<Lease> leases,
                                                          absl::Time deadline);
  Task<absl::StatusOr<Job>> Retry(std::string id, std::optional<std::string> owner,
                                  absl::Time deadline);
  Task<absl::Status> Delete(std::string id, std::optional<std::string> owner, absl::Time deadline);
  // Of the first 1,000 workflows where none is named; counts end at 10,000. May lag where there is
  // a standby.
  Task<absl::StatusOr<std::vector<WorkflowStats>>> Count(std::vector<std::string> workflow_ids,
                                                         absl::Time deadline);

  // Of all workflows together; counts end at 10,000.
  Task<absl::StatusOr<JobCounts>> CountAll(absl::Time deadline);

  // Deletes at most `limit` jobs that ended longer than `retention` ago; how many it were.
  Task<absl::StatusOr<int>> Expire(absl::Duration retention, int limit, absl::Time deadline);

  // Returns at most `limit` jobs whose lease ran out to pending; how many it were.
  Task<absl::StatusOr<int>> Sweep(int limit, absl::Time deadline);

  // See FindChangedJobs.
  Task<absl::StatusOr<RecentChanges>> FindChanged(absl::Time since, absl::Time deadline);

  // How long a lease on a job of this workflow lasts without a heartbeat.
  absl::Duration LeaseDuration(const std::string& workflow_id) const;

 private:
  using Jobs = std::vector<Job>;
  using Leases = std::vector<Lease>;
  using HeldJobs = std::vector<absl::StatusOr<HeldJob>>;
  using CreateBatches = Coalescer<NewJob, Creation>;
  using GetBatches = Coalescer<JobKey, JobPtr>;
  using ClaimBatches = ClaimQueues::Batches;
  using FinishBatches = Coalescer<JobFinish, Job>;
  using HeartbeatBatches = Coalescer<Leases, HeldJobs>;

  CoalescerOptions BatchOptions(const std::string& kind) const;
  CoalescerOptions ClaimOptions() const;

  Task<absl::StatusOr<CreateBatches::Answers>> CreateBatch(const std::vector<NewJob>& jobs,
                                                           absl::Time deadline);
  Task<absl::StatusOr<GetBatches::Answers>> GetBatch(const std::vector<JobKey>& keys,
                                                     absl::Time deadline);
  Task<absl::StatusOr<ClaimBatches::Answers>> ClaimBatch(const std::vector<ClaimCall>& calls,
                                                         absl::Time deadline);
  // The claim of a batch, which must outlive the task.
  Task<absl::StatusOr<Jobs>> ClaimTogether(const ClaimRequest& claim, bool by_age,
                                           absl::Time deadline);
  absl::StatusOr<Jobs> ClaimRoundRobin(db::Session& session, const ClaimRequest& claim);
  Task<absl::StatusOr<FinishBatches::Answers>> FinishBatch(const std::vector<JobFinish>& finishes,
                                                           db::Repeat repeat, absl::Time deadline);
  Task<absl::StatusOr<HeartbeatBatches::Answers>> HeartbeatBatch(const std::vector<Leases>& calls,
                                                                 absl::Time deadline);
  // The answer to one call about several leases. Where nothing is known of any of them it is an
  // error of the call: none of them is said to be lost.
  static absl::StatusOr<HeldJobs> AnswerOf(HeldJobs leases);
  void Publish(JobChanges changes) const;

  const JobStoreOptions options_;
  db::Pool& pool_;
  ChangePublisher& publisher_;
  const db::LaggingReads lagging_;
  Metrics& metrics_;
  JobMetrics counts_;
  RoundRobinCursor cursor_;
  CreateBatches creates_;
  GetBatches gets_;
  ClaimQueues claims_;
  FinishBatches finishes_;
  FinishBatches progress_;
  HeartbeatBatches heartbeats_;
  // Last: they read the queues.
  std::vector<MetricRegistration> queue_metrics_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_JOB_STORE_H_
