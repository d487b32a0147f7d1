// The connection breaks, the database's process or the service is killed, right before or right
// after a COMMIT, of every transaction that there is: what was done is done once, what was not can
// be repeated, and each job ends.
#include <gmock/gmock.h>
#include <signal.h>

#include <set>

#include "absl/strings/match.h"
#include "job_service/store/sql.h"
#include "tests/e2e/faults/commit_transactions.h"

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

  // Lets the transaction happen, and strikes. What the caller was told; OK where there is none.
  static grpc::Status ActAndFail(const Transaction& transaction, Moment moment, Failure strike) {
    const pid_t service = ServiceOf(transaction).process().pid();
    const bool in_it = transaction.acts == Acts::kInIt;
    world_->proxy().Arm({.application = transaction.application,
                         .statements = transaction.statements,
                         .moment = moment,
                         .approach =
                             [&transaction, in_it] {
                               if (in_it) transaction.act(*world_);
                             },
                         .strike =
                             [strike, service](pid_t backend) {
                               if (strike == Failure::kKillBackend) kill(backend, SIGKILL);
                               if (strike == Failure::kKillService) kill(service, SIGKILL);
                             }});
    const grpc::Status told = in_it ? grpc::Status::OK : transaction.act(*world_);
    EXPECT_TRUE(Eventually(absl::Seconds(20), [] { return world_->proxy().struck(); }));
    return told;
  }

  // What is there right after the strike, and what the caller was told. `stamps` are those from
  // before the transaction.
  void ExpectDoneOrNotDone(const Transaction& transaction, Moment moment, Failure strike,
                           const std::string& stamps, const grpc::Status& told) {
    const std::string expected = moment == Moment::kBefore ? transaction.before : transaction.after;
    const bool by_service = transaction.repeats == Repeats::kService;
    if (strike == Failure::kKillService && !transaction.before.empty()) {
      EXPECT_EQ(world_->State(), expected);
    }
    if (strike != Failure::kCut || transaction.repeats == Repeats::kLoop) return;
    EXPECT_EQ(told.ok(), by_service) << Describe(told);
    if (!told.ok()) {
      EXPECT_EQ(told.error_code(), grpc::UNAVAILABLE) << Describe(told);
    }
    if (by_service || !transaction.before.empty()) {
      EXPECT_EQ(world_->State(), by_service ? transaction.after : expected);
    }
    if (!by_service && !transaction.before.empty()) {
      // Every write moves them, also one that leaves the state as it is.
      EXPECT_EQ(world_->Stamps() == stamps, moment == Moment::kBefore);
    }
  }

  void Recover(const Transaction& transaction, Failure strike) {
    Service& service = ServiceOf(transaction);
    if (strike == Failure::kKillService) {
      service.process().Kill();
      service.Start();
    }
    world_->services().user().AwaitReady();
    world_->services().job().AwaitReady();
  }

  // As a client that repeats its call until it has an answer, or as time that goes by.
  void ExpectDoneInTheEnd(const Transaction& transaction) {
    const bool called = transaction.repeats != Repeats::kLoop;
    grpc::Status last;
    // While there is no answer no time goes by: who holds a lease has to get through with it.
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
                             // What a lost claim holds is free when its time is over.
                             if (!aged && now - answered_since > absl::Seconds(1)) {
                               world_->Age("1 minute");
                               aged = true;
                             }
                             return false;
                           }))
        << world_->State() << " " << Describe(last);
  }

  // Whatever became of the job, it ends, and nobody ends it otherwise.
  void ExpectEndsOnce() {
    std::string state = world_->State();
    if (IsOpen(state)) {
      EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return EndIt(); })) << world_->State();
      state = world_->State();
      EXPECT_EQ(state.substr(0, 11), "completed 1");
    }
    if (world_->held().lease_token() != 0) {
      EXPECT_FALSE(world_->CompleteHeld("2").ok());
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
      // The first lease stays in the hands of the worker that was late.
      if (world_->held().lease_token() == 0) world_->held() = job;
      EXPECT_TRUE(Complete(world_->services(), job, "1").ok());
    }
    return !IsOpen(world_->State());
  }

  static CommitWorld* world_;
};

CommitWorld* Commits::world_ = nullptr;

TEST_P(Commits, ATransactionWhoseCommitIsLostIsDoneOnceOrCanBeRepeated) {
  const auto& [transaction, moment, strike] = GetParam();
  world_->Begin();
  transaction.prepare(*world_);
  ASSERT_FALSE(HasFatalFailure());
  const std::string stamps = world_->Stamps();
  const grpc::Status told = ActAndFail(transaction, moment, strike);
  ExpectDoneOrNotDone(transaction, moment, strike, stamps, told);
  Recover(transaction, strike);
  ExpectDoneInTheEnd(transaction);
  ExpectEndsOnce();
}

TEST(EveryTransaction, OfAJobIsStruckAtItsCommit) {
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
  const auto& [transaction, moment, strike] = info.param;
  return transaction.name + (moment == Moment::kBefore ? "_Before_" : "_After_") +
         kFailures[static_cast<int>(strike)];
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
