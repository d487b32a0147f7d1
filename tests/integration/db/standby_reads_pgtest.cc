// The database that StandbyReads chooses. Here the standby is the same server under another name;
// tests/e2e/ops/database/standby_reads_test.py uses a real standby.
#include "common/db/standby_reads.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/async/sync_wait.h"
#include "common/base/error.h"
#include "common/db/sql_state.h"
#include "tests/integration/db/database.h"
#include "tests/support/eventually.h"

namespace vibestack::db {
namespace {

using Name = absl::StatusOr<std::string>;

constexpr absl::Duration kGoodTime = absl::Seconds(20);
constexpr Statement kName{"name", "SELECT current_setting('application_name')"};

PoolOptions Named(const std::string& name) {
  PoolOptions options;
  options.session.database_url = DatabaseUrl();
  options.session.application_name = name;
  options.session.statements = {kName};
  options.connections = 1;
  return options;
}

Name ReadName(Session& session) {
  const auto rows = session.Exec(kName);
  if (!rows.ok()) return rows.status();
  return std::string((*rows)[0][0].c_str());
}

Name Read(const StandbyReads& reads, const std::function<Name(Session&)>& work = ReadName) {
  return SyncWait(reads.Run<std::string>(absl::Now() + kGoodTime, work));
}

class StandbyReadsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        Eventually(kGoodTime, [this] { return primary_.has_idle() && standby_.has_idle(); }));
  }

  // The result of a read that the standby fails with `refusal`.
  Name RefusedByTheStandby(const absl::Status& refusal) {
    // The thread of an earlier read may not be idle yet.
    EXPECT_TRUE(Eventually(kGoodTime, [this] { return standby_.has_idle(); }));
    return Read(reads_, [&refusal](Session& session) -> Name {
      const Name name = ReadName(session);
      if (name.ok() && *name == "standby") return refusal;
      return name;
    });
  }

  Pool primary_{Named("primary")};
  Pool standby_{Named("standby")};
  StandbyReads reads_{primary_, &standby_};
};

TEST_F(StandbyReadsTest, GoToTheStandby) { EXPECT_EQ(*Read(reads_), "standby"); }

TEST_F(StandbyReadsTest, WithoutAStandbyGoToThePrimary) {
  EXPECT_EQ(*Read(StandbyReads(primary_, nullptr)), "primary");
}

TEST_F(StandbyReadsTest, WhatTheStandbyFailsThePrimaryAnswers) {
  EXPECT_EQ(*RefusedByTheStandby(StatusFromSqlState("40001")),
            "primary");  // conflict with replication
  EXPECT_EQ(*RefusedByTheStandby(StatusFromSqlState("57P01")), "primary");  // shut down
  EXPECT_EQ(*RefusedByTheStandby(StatusFromSqlState("53200")), "primary");  // out of memory
}

TEST_F(StandbyReadsTest, WhatIsWrongWithTheReadIsNotReadAgain) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      RefusedByTheStandby(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_VALUE", "wrong"))
          .status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(RefusedByTheStandby(DeadlineError()).status()));
}

TEST_F(StandbyReadsTest, StandbyWithoutAConnectionToSpareIsPassedOver) {
  absl::Notification begun;
  absl::Notification read;
  std::thread slow([&] {
    const auto work = [&](Session& session) {
      begun.Notify();
      read.WaitForNotification();
      return ReadName(session);
    };
    EXPECT_EQ(*Read(reads_, work), "standby");
  });
  begun.WaitForNotification();
  EXPECT_EQ(*Read(reads_), "primary");
  read.Notify();
  slow.join();
}

TEST_F(StandbyReadsTest, StandbyThatStopsIsPassedOver) {
  standby_.Stop();
  EXPECT_EQ(*Read(reads_), "primary");
}

}  // namespace
}  // namespace vibestack::db
