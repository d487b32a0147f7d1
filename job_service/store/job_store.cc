#include "job_service/store/job_store.h"

#include <iterator>
#include <utility>

#include "common/base/error.h"
#include "common/telemetry/batch_span.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

// Whatever is wrong with a row that the database refuses for its owner, the owner is gone.
absl::Status OwnerGone(const absl::Status& status, const std::string& user_id) {
  if (ErrorReason(status) == "REFERENCE_MISSING") return NotFoundError("user", user_id);
  return status;
}

// Results may have megabytes: they bound a batch, too.
size_t WeighKey(const JobKey& key) { return key.with_result ? 4 : 1; }
size_t WeighFinish(const JobFinish& finish) { return 1 + finish.result.size() / 8'192; }

}  // namespace

db::SessionOptions JobSessionOptions(const std::string& database_url) {
  db::SessionOptions options;
  options.database_url = database_url;
  options.application_name = "job_service";
  options.schema_version = 3;
  options.statements.assign(std::begin(sql::kStatements), std::end(sql::kStatements));
  options.plan_lifetime = absl::Seconds(1);
  options.settings = {
      // We notify after the commit; the triggers stay silent for us.
      {"vibestack.own_notify", "on"},
      // Every statement has an index to use, whatever the planner believes of a table that was not
      // analysed yet. Plans are made once for all parameters, and again as the tables grow.
      {"plan_cache_mode", "force_generic_plan"},
      {"enable_seqscan", "off"},
      {"enable_hashjoin", "off"},
      {"enable_mergejoin", "off"},
      {"enable_bitmapscan", "off"},
      {"enable_incremental_sort", "off"},
      {"jit", "off"},
  };
  return options;
}

JobStore::JobStore(JobStoreOptions options, db::Pool& pool, ChangePublisher& publisher,
                   Metrics& metrics)
    : options_(std::move(options)),
      pool_(pool),
      publisher_(publisher),
      lagging_(pool, options_.standby),
      metrics_(metrics),
      counts_(metrics),
      creates_(
          BatchOptions("create_job"),
          [this](const auto& jobs, absl::Time deadline) { return CreateBatch(jobs, deadline); }),
      gets_(
          BatchOptions("get_job"),
          [this](const auto& keys, absl::Time deadline) { return GetBatch(keys, deadline); },
          WeighKey),
      claims_(ClaimOptions(), [this](const auto& calls,
                                     absl::Time deadline) { return ClaimBatch(calls, deadline); }),
      finishes_(
          BatchOptions("finish_job"),
          [this](const auto& finishes, absl::Time deadline) {
            return FinishBatch(finishes, db::Repeat::kSafe, deadline);
          },
          WeighFinish),
      progress_(
          BatchOptions("report_progress"),
          [this](const auto& finishes, absl::Time deadline) {
            // Never repeated: progress that was stored has replaced its own token.
            return FinishBatch(finishes, db::Repeat::kNever, deadline);
          },
          WeighFinish),
      heartbeats_(
          BatchOptions("heartbeat_jobs"),
          [this](const auto& calls, absl::Time deadline) {
            return HeartbeatBatch(calls, deadline);
          },
          [](const Leases& leases) { return leases.size(); }) {
  const auto watch = [this](const char* kind, auto& batches) {
    queue_metrics_.push_back(RegisterBatchQueueMetric(
        metrics_, kind, [&batches] { return static_cast<double>(batches.queued()); }));
  };
  watch("create_job", creates_);
  watch("get_job", gets_);
  watch("claim_jobs", claims_);
  watch("finish_job", finishes_);
  watch("report_progress", progress_);
  watch("heartbeat_jobs", heartbeats_);
}

void JobStore::Close() {
  creates_.Close();
  gets_.Close();
  claims_.Close();
  finishes_.Close();
  progress_.Close();
  heartbeats_.Close();
}

CoalescerOptions JobStore::BatchOptions(const std::string& kind) const {
  CoalescerOptions options = options_.batches;
  options.on_batch = BatchMetrics(metrics_, kind);
  options.begin_trace = BatchSpans(kind);
  return options;
}

// Claims of the same workflows at the same time would choose the same jobs.
CoalescerOptions JobStore::ClaimOptions() const {
  CoalescerOptions options = BatchOptions("claim_jobs");
  options.max_batch = 1'000;
  options.max_in_flight = 1;
  return options;
}

void JobStore::Publish(JobChanges changes) const {
  if (!changes.empty()) publisher_.Publish(std::move(changes));
}

Task<absl::StatusOr<Creation>> JobStore::Create(NewJob job, absl::Time deadline) {
  const std::string user_id = job.user_id;
  absl::StatusOr<Creation> creation = co_await creates_.Submit(std::move(job), deadline);
  if (!creation.ok()) co_return OwnerGone(creation.status(), user_id);
  co_return creation;
}

Task<absl::StatusOr<JobStore::CreateBatches::Answers>> JobStore::CreateBatch(
    const std::vector<NewJob>& jobs, absl::Time deadline) {
  using Answers = CreateBatches::Answers;
  std::function<absl::StatusOr<Answers>(db::Session&)> work = [&jobs](db::Session& session) {
    return CreateJobs(session, jobs, /*with_results=*/true);
  };
  absl::StatusOr<Answers> answers =
      co_await pool_.Run<Answers>(deadline, db::Repeat::kSafe, std::move(work));
  if (!answers.ok()) co_return answers;
  JobChanges changes;
  size_t created = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const absl::StatusOr<Creation>& answer = (*answers)[i];
    if (!answer.ok()) continue;
    AddChange(jobs[i], *answer, changes);
    if (answer->existing == nullptr) ++created;
  }
  counts_.Created(created);
  Publish(std::move(changes));
  co_return answers;
}

Task<absl::StatusOr<JobPtr>> JobStore::Get(JobKey key, absl::Time deadline) {
  co_return co_await gets_.Submit(std::move(key), deadline);
}

Task<absl::StatusOr<JobStore::GetBatches::Answers>> JobStore::GetBatch(
    const std::vector<JobKey>& keys, absl::Time deadline) {
  using Answers = GetBatches::Answers;
  std::function<absl::StatusOr<Answers>(db::Session&)> work =
      [&keys](db::Session& session) -> absl::StatusOr<Answers> {
    absl::StatusOr<std::vector<JobPtr>> jobs = GetJobs(session, keys);
    if (!jobs.ok()) return jobs.status();
    return Answers(std::make_move_iterator(jobs->begin()), std::make_move_iterator(jobs->end()));
  };
  co_return co_await pool_.Run<Answers>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<Job>> JobStore::Finish(JobFinish finish, absl::Time deadline) {
  co_return co_await finishes_.Submit(std::move(finish), deadline);
}

Task<std::vector<absl::StatusOr<Job>>> JobStore::FinishAll(std::vector<JobFinish> finishes,
                                                           absl::Time deadline) {
  co_return co_await finishes_.SubmitAll(std::move(finishes), deadline);
}

Task<absl::StatusOr<Job>> JobStore::Progress(JobFinish finish, absl::Time deadline) {
  co_return co_await progress_.Submit(std::move(finish), deadline);
}

Task<absl::StatusOr<JobStore::FinishBatches::Answers>> JobStore::FinishBatch(
    const std::vector<JobFinish>& finishes, db::Repeat repeat, absl::Time deadline) {
  using Answers = FinishBatches::Answers;
  std::function<absl::StatusOr<Answers>(db::Session&)> work = [&finishes](db::Session& session) {
    return FinishJobs(session, finishes);
  };
  absl::StatusOr<Answers> answers = co_await pool_.Run<Answers>(deadline, repeat, std::move(work));
  if (!answers.ok()) co_return answers;
  JobChanges changes;
  for (size_t i = 0; i < finishes.size(); ++i) {
    const absl::StatusOr<Job>& answer = (*answers)[i];
    const bool ends = IsTerminal(finishes[i].status);
    counts_.Told(ends ? JobMetrics::LeaseCall::kFinish : JobMetrics::LeaseCall::kProgress,
                 answer.status());
    if (!answer.ok()) continue;
    changes.changed.push_back(answer->id);
    counts_.Finished(finishes[i].status);
  }
  Publish(std::move(changes));
  co_return answers;
}

}  // namespace vibestack::job_service
