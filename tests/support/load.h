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

// A load of calls, and a record of their answers: every acknowledged write must be in the database,
// whatever failed in the meantime.
namespace vibestack::e2e {

// Records the answers that callers got. Thread-safe.
class Ledger {
 public:
  void Acknowledge(const std::string& id);
  // Records an error; others() has the text of the first few.
  void Refuse(const grpc::Status& status);

  std::set<std::string> acknowledged() const;
  size_t acknowledgements() const { return acknowledged().size(); }
  // The number of UNAVAILABLE errors with our details, including RetryInfo.
  int refusals() const { return refusals_; }
  // The first errors that an outage does not explain.
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
  // Each thread repeats `step(thread)`, which makes one or a few calls.
  Load(int threads, const std::function<void(int thread)>& step);
  ~Load() { Stop(); }
  // Stops the threads and waits until each has ended its last step.
  void Stop();

 private:
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

// A step that creates a job with an id of the client. Each thread has its own connection. Set
// `transport_may_fail` if the service may end.
std::function<void(int)> CreatesJobs(Services& services, const Person& person,
                                     const std::string& workflow_id, Ledger& ledger,
                                     bool transport_may_fail, int threads);

// A step that signs up a new user. The service may end in the meantime.
std::function<void(int)> SignsUp(Services& services, Ledger& ledger, int threads);

// The acknowledged ids that are not in `stored`.
std::set<std::string> Missing(const Ledger& ledger, const std::set<std::string>& stored);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_LOAD_H_
