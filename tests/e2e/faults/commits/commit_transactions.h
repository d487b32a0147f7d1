#ifndef VIBESTACK_TESTS_E2E_FAULTS_COMMITS_COMMIT_TRANSACTIONS_H_
#define VIBESTACK_TESTS_E2E_FAULTS_COMMITS_COMMIT_TRANSACTIONS_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/faults/commits/commit_fixture.h"

// The transactions of the services, each with its preparation and its outcome.
namespace vibestack::e2e {

// The one that repeats a transaction with a lost outcome.
enum class Repeats {
  kService,  // by itself, before it answers
  kCaller,   // the service answers UNAVAILABLE
  kLoop,     // there is no call: a loop of the service comes round again
};

// The moment at which a test causes the work of a service's loop.
enum class Acts {
  kAhead,  // before the transaction, which begins because of it
  kInIt,   // as the transaction begins, which it does again and again
};

struct Transaction {
  std::string name;
  std::string application;
  std::set<std::string> statements;
  Repeats repeats;
  std::function<void(CommitWorld&)> prepare;
  // The call, or what makes the loop of the service run it.
  std::function<grpc::Status(CommitWorld&)> act;
  // The jobs' state without it and with it; `before` is empty where it may be either.
  std::string before;
  std::string after;
  Acts acts = Acts::kAhead;
};

// The transactions of jobs for workers, and of their users.
std::vector<Transaction> PulledTransactions();
// The transactions of pushed jobs.
std::vector<Transaction> PushedTransactions();

// A request with the id of the test's job.
template <typename Request>
Request OfJob(const CommitWorld& world) {
  Request request;
  request.set_id(world.id());
  return request;
}

inline grpc::Status AgeBy(CommitWorld& world, const std::string& interval) {
  world.Age(interval);
  return grpc::Status::OK;
}

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_FAULTS_COMMITS_COMMIT_TRANSACTIONS_H_
