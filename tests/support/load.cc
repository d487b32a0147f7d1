#include "tests/support/load.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace vibestack::e2e {
namespace {

// One stub for each thread, with its own connection.
template <typename Service>
auto Stubs(const std::string& address, int threads) {
  auto stubs = std::make_shared<std::vector<std::unique_ptr<typename Service::Stub>>>();
  for (int i = 0; i < threads; ++i) stubs->push_back(Service::NewStub(Connect(address)));
  return stubs;
}

}  // namespace

void Ledger::Acknowledge(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  acknowledged_.insert(id);
}

void Ledger::Refuse(const grpc::Status& status) {
  if (IsFromTransport(status)) return;
  if (status.error_code() == grpc::UNAVAILABLE && HasRetryInfo(status)) {
    ++refusals_;
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (others_.size() < 5) others_.push_back(Describe(status));
}

std::set<std::string> Ledger::acknowledged() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return acknowledged_;
}

std::vector<std::string> Ledger::others() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return others_;
}

Load::Load(int threads, const std::function<void(int thread)>& step) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, i, step] {
      while (!stopping_) step(i);
    });
  }
}

void Load::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::function<void(int)> CreatesJobs(Services& services, const Person& person,
                                     const std::string& workflow_id, Ledger& ledger,
                                     bool transport_may_fail, int threads) {
  auto stubs = Stubs<JobService>(services.job().address(), threads);
  const With with{.token = person.access_token, .transport_may_fail = transport_may_fail};
  return [stubs, workflow_id, with, &ledger](int thread) {
    job::v1::CreateJobRequest request;
    request.set_id(NewUuid());
    request.set_workflow_id(workflow_id);
    const auto job = Call(*stubs->at(thread), &JobService::Stub::CreateJob, request, with);
    if (job.ok()) {
      ledger.Acknowledge(job.value.id());
    } else {
      ledger.Refuse(job.status);
      // Wait, as a client does. Otherwise refused calls, which cost almost nothing, would leave no
      // time for the others.
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  };
}

std::function<void(int)> SignsUp(Services& services, Ledger& ledger, int threads) {
  auto stubs = Stubs<AuthService>(services.user().address(), threads);
  return [stubs, &ledger](int thread) {
    user::v1::SignUpRequest request;
    request.set_email(NewUuid() + "@example.org");
    request.set_password("correct horse battery");
    const With with{.transport_may_fail = true};
    const auto user = Call(*stubs->at(thread), &AuthService::Stub::SignUp, request, with);
    if (user.ok()) {
      ledger.Acknowledge(user.value.id());
    } else {
      ledger.Refuse(user.status);
    }
  };
}

std::set<std::string> Missing(const Ledger& ledger, const std::set<std::string>& stored) {
  const std::set<std::string> acknowledged = ledger.acknowledged();
  std::set<std::string> missing;
  std::set_difference(acknowledged.begin(), acknowledged.end(), stored.begin(), stored.end(),
                      std::inserter(missing, missing.end()));
  return missing;
}

}  // namespace vibestack::e2e
