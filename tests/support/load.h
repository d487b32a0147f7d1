#ifndef VIBESTACK_TESTS_SUPPORT_LOAD_H_
#define VIBESTACK_TESTS_SUPPORT_LOAD_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/walk.h"

// A bounded load of calls whose answers are remembered: what was acknowledged must be in the
// database, whatever happened meanwhile.
namespace vibestack::e2e {

// Collects the answers that callers saw. Thread-safe.
class Ledger {
 public:
  void Acknowledge(const std::string& id);
  // Keeps the first few in words.
  void Refuse(const grpc::Status& status);

  std::set<std::string> acknowledged() const;
  size_t acknowledgements() const { return acknowledged().size(); }
  // UNAVAILABLE with our details, and RetryInfo among them.
  int refusals() const { return refusals_; }
  // Errors that an outage does not explain.
  std::vector<std::string> others() const;

 private:
  mutable std::mutex mutex_;
  std::set<std::string> acknowledged_;
  std::vector<std::string> others_;
  std::atomic<int> refusals_ = 0;
};

// Threads that repeat a step until they are stopped.
class Load {
 public:
  // `step(thread)`: one or a few calls.
  Load(int threads, const std::function<void(int thread)>& step);
  ~Load() { Stop(); }
  // Returns when each thread has ended its last step.
  void Stop();

 private:
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

// A step that creates a job, under an id of the caller's, in a connection of each thread's own.
// `transport_may_fail` is for services that end.
std::function<void(int)> CreatesJobs(Services& services, const Person& person,
                                     const std::string& workflow_id, Ledger& ledger,
                                     bool transport_may_fail, int threads);

// A step that signs somebody up; services may end meanwhile.
std::function<void(int)> SignsUp(Services& services, Ledger& ledger, int threads);

// The acknowledged ids that are not among those.
std::set<std::string> Missing(const Ledger& ledger, const std::set<std::string>& stored);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_LOAD_H_
