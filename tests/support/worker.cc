// A worker as a separate program, so that a test can kill it. It claims jobs of one workflow and
// completes each one with a result that no other worker uses.
//
//   worker ADDRESS TOKEN_FILE WORKFLOW LEDGER NAME
//
// Appends `claimed ID` and `done ID RESULT` to the file LEDGER, the latter after the
// acknowledgement. Ends when it is killed.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "tests/support/load.h"

namespace vibestack::e2e {
namespace {

// Writes each line with one write(), so that a kill never leaves a partial line.
void Append(int file, const std::string& line) {
  if (write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
}

class Worker {
 public:
  Worker(const std::string& address, std::string token, std::string workflow, int ledger,
         std::string name)
      : jobs_(JobService::NewStub(Connect(address))),
        with_{.token = std::move(token), .transport_may_fail = true},
        workflow_(std::move(workflow)),
        ledger_(ledger),
        name_(std::move(name)) {}

  void Step() {
    job::v1::ClaimJobsRequest claim;
    claim.add_workflow_ids(workflow_);
    claim.set_max_jobs(20);
    claim.mutable_wait()->set_seconds(1);
    const auto claimed = Call(*jobs_, &JobService::Stub::ClaimJobs, claim, with_);
    for (const auto& job : claimed.value.jobs()) {
      Append(ledger_, "claimed " + job.job().id() + "\n");
    }
    for (const auto& job : claimed.value.jobs()) Finish(job);
  }

 private:
  // Repeats the call until its outcome is known, as a worker should.
  void Finish(const job::v1::ClaimedJob& job) {
    job::v1::CompleteJobRequest request;
    request.set_id(job.job().id());
    request.set_lease_token(job.lease_token());
    const std::string result = name_ + "-" + std::to_string(job.lease_token());
    request.mutable_result_payload()->set_string_value(result);
    Eventually(absl::Seconds(30), [&] {
      const auto completed = Call(*jobs_, &JobService::Stub::CompleteJob, request, with_);
      if (completed.ok()) Append(ledger_, "done " + job.job().id() + " " + result + "\n");
      return completed.ok() || completed.code() == grpc::ABORTED;
    });
  }

  const std::unique_ptr<JobService::Stub> jobs_;
  const With with_;
  const std::string workflow_;
  const int ledger_;
  const std::string name_;
};

int Run(char** arguments) {
  std::string token = ReadFile(arguments[2]);
  while (!token.empty() && token.back() == '\n') token.pop_back();
  const int ledger = open(arguments[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (ledger < 0) return 1;
  Worker worker(arguments[1], token, arguments[3], ledger, arguments[5]);
  while (true) worker.Step();
}

}  // namespace
}  // namespace vibestack::e2e

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "usage: worker ADDRESS TOKEN_FILE WORKFLOW LEDGER NAME\n");
    return 2;
  }
  return vibestack::e2e::Run(arguments);
}
