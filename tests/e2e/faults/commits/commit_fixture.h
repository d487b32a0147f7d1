#ifndef VIBESTACK_TESTS_E2E_FAULTS_COMMITS_COMMIT_FIXTURE_H_
#define VIBESTACK_TESTS_E2E_FAULTS_COMMITS_COMMIT_FIXTURE_H_

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/database.h"
#include "tests/support/database_proxy.h"
#include "tests/support/http_receiver.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {

// The services with a proxy to their database, and pushed workflows with a real receiver. A test
// brings one or a few jobs to the state before a transaction.
//
// Workflows: `pushed` and `once` call back, and a job of `once` has one attempt; `answered` and
// `shy` respond with the result 7; `deaf` accepts nothing.
class CommitWorld {
 public:
  CommitWorld() {
    const std::string file = directory_.path() + "/workflows.json";
    WriteFile(file, "{\"workflows\": [" + Entry("pushed", "CALLBACK") + ", " +
                        Entry("once", "CALLBACK", R"(, "max_attempts": 1)") + ", " +
                        Entry("answered", "RESPONSE") + ", " + Entry("shy", "RESPONSE") + ", " +
                        Entry("deaf", "CALLBACK") + "]}");
    services_ = std::make_unique<Services>(Services::Options{
        .job_flags = {"--workflows_file=" + file, "--callback_base_url=http://gateway.test",
                      "--sweep_interval=50ms", "--poll_interval=2s", "--retention=24h"},
        .database_url = proxy_.url(),
        .callback_keys = true});
    superuser_ = services_->CreateSuperuser();
  }
  ~CommitWorld() { services_.reset(); }

  // Prepares a new test. The previous test may have crashed the database, so this waits until both
  // services work.
  void Begin() {
    EXPECT_TRUE(Eventually(absl::Seconds(20), [this] { return BothServe(); }));
    RunWhenUp("DELETE FROM agent_jobs WHERE workflow_id = 'deaf'");
    ids_ = {NewUuid()};
    person_ = services_->SignUp();
    claimed_ = job::v1::ClaimedJob();
    refusals_ = 0;
  }

  const std::string& id() const { return ids_.front(); }
  // A workflow for workers, which only this test uses.
  std::string pulled() const { return "pulled-" + id(); }
  DatabaseProxy& proxy() { return proxy_; }
  Services& services() { return *services_; }
  Person& person() { return person_; }
  const Person& superuser() const { return superuser_; }
  job::v1::ClaimedJob& claimed() { return claimed_; }
  void AddIds(int count) {
    while (static_cast<int>(ids_.size()) < count) ids_.push_back(NewUuid());
  }
  const std::vector<std::string>& ids() const { return ids_; }
  // Refuses the next `count` requests of the workflow `shy`.
  void RefuseNext(int count) { refusals_ = count; }

  // Of each job in the database: its status, and its output, progress or error code; for an open
  // job whose attempts have failed also `after` and their number.
  std::string State() {
    return OneWhenUp(
        "SELECT coalesce(string_agg(coalesce(status, 'pending') || ' ' || coalesce("
        "result_payload #>> '{error,code}', CASE WHEN result_payload -> 'vibestack_job' = '1' "
        "THEN result_payload ->> 'progress' ELSE result_payload::text END, '-') || CASE "
        "WHEN coalesce(status, 'pending') IN ('pending', 'processing') "
        "THEN coalesce(' after ' || (result_payload ->> 'attempts'), '') ELSE '' END, ', '), "
        "'gone') FROM agent_jobs WHERE id IN (" +
        IdList() + ")");
  }
  // updated_at of the jobs, which the triggers move at each write.
  std::string Stamps() {
    return OneWhenUp(
        "SELECT coalesce(string_agg(updated_at::text, ', ' ORDER BY id), 'gone') FROM agent_jobs "
        "WHERE id IN (" +
        IdList() + ")");
  }
  // Moves updated_at of the jobs back by `interval`, without a notification.
  void Age(const std::string& interval) {
    RunUnnoticed("UPDATE agent_jobs SET updated_at = updated_at - interval '" + interval +
                 "' WHERE id IN (" + IdList() + ")");
  }
  // Inserts a job of that age with SQL, as a foreign program does.
  void Insert(const std::string& workflow_id, const std::string& age = "0 seconds") {
    RunWhenUp(
        "INSERT INTO agent_jobs (id, user_id, workflow_id, created_at, updated_at) "
        "SELECT '" +
        id() + "', '" + person_.id + "', '" + workflow_id +
        "', t, t FROM (SELECT now() - interval '" + age + "' AS t) AS made");
  }
  // Inserts a job of that age, whose first request failed soon after its creation.
  void InsertTried(const std::string& workflow_id, const std::string& age) {
    RunWhenUp(
        "INSERT INTO agent_jobs (id, user_id, workflow_id, created_at, updated_at, result_payload) "
        "SELECT '" +
        id() + "', '" + person_.id + "', '" + workflow_id +
        "', t, t + interval '1 second', jsonb_build_object('vibestack_job', 1, 'first_request', "
        R"(to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) )"
        "FROM (SELECT now() - interval '" +
        age + "' AS t) AS made");
  }
  // Inserts a job for workers with this JSON, an SQL expression.
  void InsertWith(const std::string& payload) {
    RunWhenUp("INSERT INTO agent_jobs (id, user_id, workflow_id, result_payload) VALUES ('" + id() +
              "', '" + person_.id + "', '" + pulled() + "', " + payload + ")");
  }
  // Opens the circuit of the workflow `deaf` with jobs that do not belong to the test.
  void OpenCircuit() {
    const auto is_open = [this] {
      return services_->job().Metric("vibestack_dispatch_circuit_open{workflow_id=\"deaf\"}") == 1;
    };
    if (is_open()) return;
    RunWhenUp("INSERT INTO agent_jobs (id, user_id, workflow_id) SELECT gen_random_uuid(), '" +
              person_.id + "', 'deaf' FROM generate_series(1, 6)");
    EXPECT_TRUE(Eventually(absl::Seconds(30), is_open));
  }

  // A call of job_service that may fail in any way.
  template <typename Request, typename Response>
  Result<Response> Try(grpc::Status (JobService::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                       const Request& request, const std::string& token = "") {
    return Call(
        services_->jobs(), method, request,
        {.token = token.empty() ? services_->service_token() : token, .transport_may_fail = true});
  }
  grpc::Status Create(const std::string& workflow_id, const std::string& input_json = "") {
    job::v1::CreateJobRequest request;
    request.set_id(id());
    request.set_workflow_id(workflow_id);
    request.set_user_id(person_.id);
    if (!input_json.empty()) request.set_input_json(input_json);
    return Try(&JobService::Stub::CreateJob, request).status;
  }
  void MustCreate(const std::string& workflow_id) {
    const grpc::Status made = Create(workflow_id);
    ASSERT_TRUE(made.ok()) << Describe(made);
  }
  Result<job::v1::ClaimJobsResponse> Claim() {
    job::v1::ClaimJobsRequest request;
    request.add_workflow_ids(pulled());
    return Try(&JobService::Stub::ClaimJobs, request);
  }
  // Creates a job and claims it.
  void CreateAndClaim() {
    MustCreate(pulled());
    // A call may fail first, because the service notices only now a connection that the previous
    // test broke.
    ASSERT_TRUE(Eventually(absl::Seconds(20), [this] {
      const auto claimed = Claim();
      if (claimed.value.jobs_size() == 1) claimed_ = claimed.value.jobs(0);
      return claimed.value.jobs_size() == 1;
    }));
    ASSERT_EQ(claimed_.job().id(), id());
  }
  Result<job::v1::Job> CompleteClaimed(const std::string& result) {
    job::v1::CompleteJobRequest request;
    request.set_id(id());
    request.set_lease_token(claimed_.lease_token());
    request.set_result_json(result);
    return Try(&JobService::Stub::CompleteJob, request);
  }
  // Calls back as the run of a pushed job; UNAVAILABLE if the job was not posted yet.
  Result<job::v1::Job> CallBack(const std::string& result) {
    const std::string token = CallbackToken();
    if (token.empty()) return {grpc::Status(grpc::UNAVAILABLE, "not posted yet"), {}};
    job::v1::CompleteJobRequest request;
    request.set_id(id());
    request.set_result_json(result);
    return Try(&JobService::Stub::CompleteJob, request, token);
  }
  // The callback token in the first post of the job; empty if the job was not posted or its
  // workflow has no callback.
  std::string CallbackToken() {
    for (const auto& request : receiver_.received()) {
      if (request.headers.at("idempotency-key") != id() + "-1") continue;
      google::protobuf::Struct body;
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(request.body, &body).ok());
      const auto token = body.fields().find("callback_token");
      return token == body.fields().end() ? "" : token->second.string_value();
    }
    return "";
  }

 private:
  // Whether both services can read and write.
  bool BothServe() {
    user::v1::UpdateUserRequest update;
    update.mutable_user()->set_id("me");
    update.mutable_user()->set_bio("probed");
    update.mutable_update_mask()->add_paths("bio");
    job::v1::CreateJobRequest create;
    create.set_workflow_id("probe");
    const With with{.token = superuser_.access_token, .transport_may_fail = true};
    return Call(services_->users(), &UserService::Stub::UpdateUser, update, with).ok() &&
           Call(services_->jobs(), &JobService::Stub::CreateJob, create, with).ok();
  }

  std::string Entry(const std::string& id, const std::string& completion,
                    const std::string& more = "") const {
    return "{\"id\": \"" + id + "\"" + more + ", \"push\": {\"url\": \"" + receiver_.url("/" + id) +
           "\", \"completion\": \"" + completion + "\", \"timeout\": \"2s\"}}";
  }
  HttpReceiver::Reply Answer(const HttpReceiver::Received& request) {
    const bool refused = request.path == "/deaf" || (request.path == "/shy" && refusals_-- > 0);
    if (refused) return {.status = 503};
    return {.body = "7"};
  }
  std::string IdList() const {
    std::string list;
    for (const std::string& id : ids_) list += (list.empty() ? "'" : ", '") + id + "'";
    return list;
  }

  const TemporaryDirectory directory_;
  std::atomic<int> refusals_ = 0;
  HttpReceiver receiver_{[this](const HttpReceiver::Received& request) { return Answer(request); }};
  DatabaseProxy proxy_;
  std::unique_ptr<Services> services_;
  Person person_;
  Person superuser_;
  std::vector<std::string> ids_;
  job::v1::ClaimedJob claimed_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_FAULTS_COMMITS_COMMIT_FIXTURE_H_
