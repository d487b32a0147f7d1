// The benchmark's gRPC client. It prints one JSON object and exits 0, or an error and exits 1.
//
//   vibestack_bench load --address A --call C [--token_file F] [--ids_file F] [--in_flight N] …
//   vibestack_bench await-readiness --address A
//   vibestack_bench sign-up --address A --email E
//   vibestack_bench hash --cost C --threads N --duration D
//   vibestack_bench work --address A --token_file F --workers N --batch N --jobs N
//   vibestack_bench start-latency --address A --worker_address B --user_token_file F --token_file F
//   … vibestack_bench watch-latency --address A --user_token_file F --token_file F --watchers N …

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/call.h"
#include "tests/bench/hash_rate.h"
#include "tests/bench/job_caller.h"
#include "tests/bench/load.h"
#include "tests/bench/percentile.h"
#include "tests/bench/setup.h"
#include "tests/bench/start_latency.h"
#include "tests/bench/watch_latency.h"
#include "tests/bench/work.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051", "The server: IPv4 address and port");
ABSL_FLAG(std::string, call, "health",
          "load: health, get-user, get-job, login, create-job or batch-create");
ABSL_FLAG(std::string, token_file, "", "file with the bearer token; none when empty");
ABSL_FLAG(std::string, ids_file, "",
          "load: file of ids of users or jobs, one a line; `me` when empty");
ABSL_FLAG(std::string, emails_file, "", "load: file of emails to log in with, one a line");
ABSL_FLAG(int, in_flight, 1, "load: calls kept in flight");
ABSL_FLAG(int, channels, 1, "connections, which share the calls");
ABSL_FLAG(absl::Duration, warm_up, absl::Seconds(1), "load: time before the measurement");
ABSL_FLAG(absl::Duration, duration, absl::Seconds(4), "load: time measured");
ABSL_FLAG(absl::Duration, call_timeout, absl::Seconds(10), "load: deadline of a call");
ABSL_FLAG(absl::Duration, interval, absl::ZeroDuration(),
          "load: time from the begin of a call to the next one's; as fast as it goes when zero");
ABSL_FLAG(int, cost, 12, "hash: the cost of bcrypt");
ABSL_FLAG(int, threads, 1, "hash: threads that do nothing else");
ABSL_FLAG(int, nice, 0, "hash: what to add to their nice level");
ABSL_FLAG(absl::Duration, timeout, absl::Seconds(10), "await-readiness: how long to wait");
ABSL_FLAG(std::string, email, "", "sign-up: the new user's email");
ABSL_FLAG(std::string, user_token_file, "",
          "file with the token of the user who has the jobs made");
ABSL_FLAG(std::string, worker_address, "",
          "start-latency: the replica at which the worker waits; as --address when empty");
ABSL_FLAG(int, batch, 100, "load batch-create and work: jobs in one call");
ABSL_FLAG(int, workers, 1, "work: workers, each with one call under way");
ABSL_FLAG(int, jobs, 1'000, "work: jobs that are pending; start-latency, watch-latency: to make");
ABSL_FLAG(absl::Duration, pause, absl::Milliseconds(20), "start-latency: before each job is made");
ABSL_FLAG(int, watchers, 1'000, "watch-latency: streams, which share the jobs");
ABSL_FLAG(int, changes, 300, "watch-latency: changes, of one job after the other");

namespace vibestack::bench {
namespace {

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) return absl::InvalidArgumentError(absl::StrCat("nothing to read in ", path));
  return lines;
}

// The token in a file; empty where no file is named.
absl::StatusOr<std::string> ReadToken(const std::string& path) {
  if (path.empty()) return "";
  const absl::StatusOr<std::vector<std::string>> lines = ReadLines(path);
  if (!lines.ok()) return lines.status();
  return lines->front();
}

absl::StatusOr<Call> MakeCall() {
  const absl::StatusOr<std::string> own_token = ReadToken(absl::GetFlag(FLAGS_token_file));
  if (!own_token.ok()) return own_token.status();
  const std::string& token = *own_token;
  std::vector<std::string> ids = {"me"};
  if (const std::string path = absl::GetFlag(FLAGS_ids_file); !path.empty()) {
    const absl::StatusOr<std::vector<std::string>> lines = ReadLines(path);
    if (!lines.ok()) return lines.status();
    ids = *lines;
  }
  const std::string name = absl::GetFlag(FLAGS_call);
  if (name == "health") return HealthCall("");
  if (name == "get-user") return GetUserCall(ids, token);
  if (name == "get-job") return GetJobCall(ids, token);
  if (name == "login") {
    const auto emails = ReadLines(absl::GetFlag(FLAGS_emails_file));
    if (!emails.ok()) return emails.status();
    return LoginCall(*emails);
  }
  if (name == "create-job") return CreateJobCall(token);
  if (name == "batch-create") return BatchCreateJobsCall(absl::GetFlag(FLAGS_batch), token);
  return absl::InvalidArgumentError(absl::StrCat("no such call: ", name));
}

absl::StatusOr<std::string> Load() {
  const LoadOptions options{.in_flight = absl::GetFlag(FLAGS_in_flight),
                            .warm_up = absl::GetFlag(FLAGS_warm_up),
                            .duration = absl::GetFlag(FLAGS_duration),
                            .call_timeout = absl::GetFlag(FLAGS_call_timeout),
                            .interval = absl::GetFlag(FLAGS_interval)};
  const int connections = absl::GetFlag(FLAGS_channels);
  if (options.in_flight < 1 || connections < 1 || options.duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("in_flight, channels and duration are at least 1");
  }
  const absl::StatusOr<Call> call = MakeCall();
  if (!call.ok()) return call.status();
  const auto channels = Connect(absl::GetFlag(FLAGS_address), connections);
  if (!channels.ok()) return channels.status();
  const absl::StatusOr<LoadResult> result = RunLoad(*channels, *call, options);
  if (!result.ok()) return result.status();
  return absl::StrFormat(
      R"({"calls": %d, "calls_per_second": %.1f, "p50_micros": %.1f, "p99_micros": %.1f, )"
      R"("client_cpu_micros": %.1f})",
      result->calls, result->calls_per_second, result->p50_micros, result->p99_micros,
      result->client_cpu_micros);
}

absl::StatusOr<std::string> Hash() {
  const int threads = absl::GetFlag(FLAGS_threads);
  if (threads < 1) return absl::InvalidArgumentError("threads is at least 1");
  if (nice(absl::GetFlag(FLAGS_nice)) == -1) return absl::InvalidArgumentError("bad --nice");
  const absl::StatusOr<double> rate =
      HashRate(absl::GetFlag(FLAGS_cost), threads, absl::GetFlag(FLAGS_duration));
  if (!rate.ok()) return rate.status();
  return absl::StrFormat(R"({"hashes_per_second": %.3f})", *rate);
}

// What commands that work on jobs need.
struct Setup {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  std::string worker_token;
  std::string user_token;
};

absl::StatusOr<Setup> SetUp() {
  auto channels = Connect(absl::GetFlag(FLAGS_address), absl::GetFlag(FLAGS_channels));
  if (!channels.ok()) return channels.status();
  const absl::StatusOr<std::string> worker = ReadToken(absl::GetFlag(FLAGS_token_file));
  if (!worker.ok()) return worker.status();
  const absl::StatusOr<std::string> user = ReadToken(absl::GetFlag(FLAGS_user_token_file));
  if (!user.ok()) return user.status();
  return Setup{*std::move(channels), *worker, *user};
}

absl::StatusOr<std::string> Work() {
  const absl::StatusOr<Setup> setup = SetUp();
  if (!setup.ok()) return setup.status();
  const absl::StatusOr<double> rate =
      WorkOff(setup->channels, {.token = setup->worker_token,
                                .workers = absl::GetFlag(FLAGS_workers),
                                .batch = absl::GetFlag(FLAGS_batch),
                                .jobs = absl::GetFlag(FLAGS_jobs)});
  if (!rate.ok()) return rate.status();
  return absl::StrFormat(R"({"jobs_per_second": %.1f})", *rate);
}

// A latency and that of the call's own answer.
std::string LatencyJson(std::vector<float>& micros, std::vector<float>& answer_micros) {
  return absl::StrFormat(R"({"p50_micros": %.1f, "p99_micros": %.1f, "answer_p50_micros": %.1f, )"
                         R"("answer_p99_micros": %.1f})",
                         Percentile(micros, 0.5), Percentile(micros, 0.99),
                         Percentile(answer_micros, 0.5), Percentile(answer_micros, 0.99));
}

absl::StatusOr<std::string> MeasureStartLatency() {
  const absl::StatusOr<Setup> setup = SetUp();
  if (!setup.ok()) return setup.status();
  std::string worker_address = absl::GetFlag(FLAGS_worker_address);
  if (worker_address.empty()) worker_address = absl::GetFlag(FLAGS_address);
  const auto worker_channels = Connect(worker_address, 1);
  if (!worker_channels.ok()) return worker_channels.status();
  auto latency = MeasureStart(JobCaller(setup->channels.front(), setup->user_token),
                              JobCaller(worker_channels->front(), setup->worker_token),
                              absl::GetFlag(FLAGS_jobs), absl::GetFlag(FLAGS_pause));
  if (!latency.ok()) return latency.status();
  return LatencyJson(latency->start_micros, latency->answer_micros);
}

absl::StatusOr<std::string> MeasureWatchLatency() {
  const absl::StatusOr<Setup> setup = SetUp();
  if (!setup.ok()) return setup.status();
  auto latency = MeasureWatch(setup->channels, {.user_token = setup->user_token,
                                                .worker_token = setup->worker_token,
                                                .watchers = absl::GetFlag(FLAGS_watchers),
                                                .jobs = absl::GetFlag(FLAGS_jobs),
                                                .changes = absl::GetFlag(FLAGS_changes)});
  if (!latency.ok()) return latency.status();
  return LatencyJson(latency->change_micros, latency->answer_micros);
}

absl::StatusOr<std::string> Run(const std::string& command) {
  if (command == "hash") return Hash();
  if (command == "work") return Work();
  if (command == "start-latency") return MeasureStartLatency();
  if (command == "watch-latency") return MeasureWatchLatency();
  if (command == "load") return Load();
  if (command == "await-readiness") {
    const auto nanos = AwaitReadiness(absl::GetFlag(FLAGS_address), absl::GetFlag(FLAGS_timeout));
    if (!nanos.ok()) return nanos.status();
    return absl::StrFormat(R"({"monotonic_nanos": %d})", *nanos);
  }
  if (command == "sign-up") {
    const auto session = SignUp(absl::GetFlag(FLAGS_address), absl::GetFlag(FLAGS_email));
    if (!session.ok()) return session.status();
    return absl::StrFormat(R"({"user_id": "%s", "access_token": "%s"})", session->user_id,
                           session->access_token);
  }
  return absl::InvalidArgumentError(
      "name one of: load, await-readiness, sign-up, hash, work, start-latency, watch-latency");
}

}  // namespace
}  // namespace vibestack::bench

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "vibestack_bench load|await-readiness|sign-up|hash|work|start-latency|watch-latency [FLAGS]");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  const auto output = vibestack::bench::Run(arguments.size() == 2 ? arguments[1] : "");
  if (!output.ok()) {
    std::cerr << "vibestack_bench: " << output.status() << "\n";
    return 1;
  }
  std::cout << *output << std::endl;
  return 0;
}
