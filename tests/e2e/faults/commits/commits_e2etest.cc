// For every transaction, right before and right after its COMMIT: the connection breaks, or the
// database's process or the service is killed. A committed transaction has happened once, a lost
// one can be repeated, and each job ends.
#include <gmock/gmock.h>
#include <signal.h>

#include <set>

#include "absl/strings/match.h"
#include "job_service/store/sql.h"
#include "tests/e2e/faults/commits/commit_transactions.h"

namespace vibestack::e2e {
namespace {

using Moment = DatabaseProxy::Moment;

enum class Failure { kCut, kKillBackend, kKillService };

using Parameters = std::tuple<Transaction, Moment, Failure>;

class Commits : public testing::TestWithParam<Parameters> {
 protected:
  static void SetUpTestSuite() { world_ = new CommitWorld(); }
  static void TearDownTestSuite() { delete world_; }

  static Service& ServiceOf(const Transaction& transaction) {
    Services& services = world_->services();
    return transaction.application == "user_service" ? services.user() : services.job();
  }

  // Runs the transaction and injects the failure. Returns the caller's answer; OK if there is no
  // call.
  static grpc::Status ActAndFail(const Transaction& transaction, Moment moment, Failure failure) {
    const pid_t service = ServiceOf(transaction).process().pid();
    const bool in_it = transaction.acts == Acts::kInIt;
    world_->proxy().Arm({.application = transaction.application,
                         .statements = transaction.statements,
                         .moment = moment,
                         .approach =
                             [&transaction, in_it] {
                               if (in_it) transaction.act(*world_);
                             },
                         .fail =
                             [failure, service](pid_t backend) {
                               if (failure == Failure::kKillBackend) kill(backend, SIGKILL);
                               if (failure == Failure::kKillService) kill(service, SIGKILL);
                             }});
    const grpc::Status answer = in_it ? grpc::Status::OK : transaction.act(*world_);
    EXPECT_TRUE(Eventually(absl::Seconds(20), [] { return world_->proxy().failed(); }));
    return answer;
  }

  // Checks the state right after the failure, and the caller's answer. `stamps` are from before the
  // transaction.
  void ExpectDoneOrNotDone(const Transaction& transaction, Moment moment, Failure failure,
                           const std::string& stamps, const grpc::Status& answer) {
    const std::string expected = moment == Moment::kBefore ? transaction.before : transaction.after;
    const bool by_service = transaction.repeats == Repeats::kService;
    if (failure == Failure::kKillService && !transaction.before.empty()) {
      EXPECT_EQ(world_->State(), expected);
    }
    if (failure != Failure::kCut || transaction.repeats == Repeats::kLoop) return;
    EXPECT_EQ(answer.ok(), by_service) << Describe(answer);
    if (!answer.ok()) {
      EXPECT_EQ(answer.error_code(), grpc::UNAVAILABLE) << Describe(answer);
    }
    if (by_service || !transaction.before.empty()) {
      EXPECT_EQ(world_->State(), by_service ? transaction.after : expected);
    }
    if (!by_service && !transaction.before.empty()) {
      // Every write moves them, also one that leaves the state as it is.
      EXPECT_EQ(world_->Stamps() == stamps, moment == Moment::kBefore);
    }
  }

  void Recover(const Transaction& transaction, Failure failure) {
    Service& service = ServiceOf(transaction);
    if (failure == Failure::kKillService) {
      service.process().Kill();
      service.Start();
    }
    world_->services().user().AwaitReady();
    world_->services().job().AwaitReady();
  }

  // Repeats the call until it has an answer, as a client does; or lets time pass.
  void ExpectDoneInTheEnd(const Transaction& transaction) {
    const bool called = transaction.repeats != Repeats::kLoop;
    grpc::Status last;
    // Time passes only while calls are answered: the holder of a lease must be able to use it.
    absl::Time answered_since = absl::Now();
    bool aged = false;
    EXPECT_TRUE(Eventually(absl::Seconds(30),
                           [&] {
                             if (called) last = transaction.act(*world_);
                             const absl::Time now = absl::Now();
                             if (last.error_code() == grpc::UNAVAILABLE) {
                               answered_since = now;
                               return false;
                             }
                             if (world_->State() == transaction.after) return true;
                             // The job of a lost claim is free when its lease expires.
                             if (!aged && now - answered_since > absl::Seconds(1)) {
                               world_->Age("1 minute");
                               aged = true;
                             }
                             return false;
                           }))
        << world_->State() << " " << Describe(last);
  }

  // The job ends, whatever happened, and it ends only once.
  void ExpectEndsOnce() {
    std::string state = world_->State();
    if (IsOpen(state)) {
      EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return EndIt(); })) << world_->State();
      state = world_->State();
      EXPECT_EQ(state.substr(0, 11), "completed 1");
    }
    if (world_->claimed().lease_token() != 0) {
      EXPECT_FALSE(world_->CompleteClaimed("2").ok());
    }
    if (!world_->CallbackToken().empty()) {
      EXPECT_FALSE(world_->CallBack("2").ok());
    }
    EXPECT_EQ(world_->State(), state);
  }
  static bool IsOpen(const std::string& state) {
    return state.find("pending") != std::string::npos ||
           state.find("processing") != std::string::npos;
  }
  bool EndIt() {
    if (!world_->CallbackToken().empty()) return world_->CallBack("1").ok();
    world_->Age("2 minutes");
    const auto claimed = world_->Claim();
    for (const auto& job : claimed.value.jobs()) {
      // The late worker keeps the first lease.
      if (world_->claimed().lease_token() == 0) world_->claimed() = job;
      EXPECT_TRUE(Complete(world_->services(), job, "1").ok());
    }
    return !IsOpen(world_->State());
  }

  static CommitWorld* world_;
};

CommitWorld* Commits::world_ = nullptr;

TEST_P(Commits, ATransactionWithALostCommitHappensOnceOrCanBeRepeated) {
  const auto& [transaction, moment, failure] = GetParam();
  world_->Begin();
  transaction.prepare(*world_);
  ASSERT_FALSE(HasFatalFailure());
  const std::string stamps = world_->Stamps();
  const grpc::Status answer = ActAndFail(transaction, moment, failure);
  ExpectDoneOrNotDone(transaction, moment, failure, stamps, answer);
  Recover(transaction, failure);
  ExpectDoneInTheEnd(transaction);
  ExpectEndsOnce();
}

TEST(EveryTransaction, OfAJobFailsAtItsCommitInOneTest) {
  std::set<std::string> struck;
  for (const auto& transactions : {PulledTransactions(), PushedTransactions()}) {
    for (const Transaction& one : transactions) {
      struck.insert(one.statements.begin(), one.statements.end());
    }
  }
  int writes = 0;
  for (const db::Statement& statement : job_service::sql::kStatements) {
    for (const char* word : {"INSERT INTO agent_jobs", "UPDATE agent_jobs", "DELETE FROM"}) {
      if (!absl::StrContains(statement.sql, word)) continue;
      ++writes;
      EXPECT_EQ(struck.count(statement.name), 1U) << statement.name;
    }
  }
  EXPECT_GT(writes, 15);
}

std::string NameOf(const testing::TestParamInfo<Parameters>& info) {
  static constexpr const char* kFailures[] = {"Cut", "KilledBackend", "KilledService"};
  const auto& [transaction, moment, failure] = info.param;
  return transaction.name + (moment == Moment::kBefore ? "_Before_" : "_After_") +
         kFailures[static_cast<int>(failure)];
}

auto Each(const std::vector<Transaction>& transactions) {
  return testing::Combine(
      testing::ValuesIn(transactions), testing::Values(Moment::kBefore, Moment::kAfter),
      testing::Values(Failure::kCut, Failure::kKillBackend, Failure::kKillService));
}

INSTANTIATE_TEST_SUITE_P(Pulled, Commits, Each(PulledTransactions()), NameOf);
INSTANTIATE_TEST_SUITE_P(Pushed, Commits, Each(PushedTransactions()), NameOf);

}  // namespace
}  // namespace vibestack::e2e
