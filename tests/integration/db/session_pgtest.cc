#include "common/db/session.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/integration/db/database.h"

namespace vibestack::db {
namespace {

std::unique_ptr<Session> OpenSession(const SessionOptions& options = TestSession()) {
  auto session = Session::Open(options);
  EXPECT_TRUE(session.ok()) << session.status();
  return session.ok() ? *std::move(session) : nullptr;
}

TEST(SessionTest, RunsPreparedStatements) {
  const auto session = OpenSession();
  const auto sum = session->Exec(kAdd, Params().Add(int64_t{2}).Add(int64_t{3}));
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ((*sum)[0][0].as<int>(), 5);
}

TEST(SessionTest, EveryElementOfAnArrayArrivesAsItIs) {
  const auto session = OpenSession();
  std::vector<std::optional<std::string>> elements = {
      "", "NULL", "{a,b}", "\"", "\\", "\\\"", " spaces ", "\n\t", "üñ日", std::nullopt};
  std::string all_bytes;
  for (int byte = 1; byte < 128; ++byte) all_bytes += static_cast<char>(byte);
  elements.push_back(all_bytes);
  const auto rows = session->Exec(kUnnest, Params().Add(EncodeArray(elements)));
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), elements.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    const auto field = (*rows)[static_cast<int>(i)][0];
    EXPECT_EQ(field.is_null(), !elements[i].has_value());
    EXPECT_EQ(field.as<std::string>(""), elements[i].value_or(""));
  }
}

TEST(SessionTest, ANulInAParameterIsRefusedInsteadOfCutOff) {
  const auto session = OpenSession();
  const auto result = session->Exec(kText, Params().Add(std::string("a\0b", 3)));
  EXPECT_TRUE(absl::IsInvalidArgument(result.status()));
  EXPECT_TRUE(session->Exec(kText, Params().Add("fine")).ok());
}

TEST(SessionTest, AnErrorOfAStatementLeavesTheSessionUsable) {
  const auto session = OpenSession();
  const auto result = session->Exec(kAdd, Params().Add("x").Add("y"));
  EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
  EXPECT_FALSE(session->broken());
  EXPECT_TRUE(session->Exec(kAdd, Params().Add("1").Add("2")).ok());
}

TEST(SessionTest, AStatementEndsAtItsDeadline) {
  const auto session = OpenSession();
  const absl::Time began = absl::Now();
  ASSERT_TRUE(session->SetDeadline(began + absl::Milliseconds(100)).ok());
  const auto result = session->Exec(kSleep, Params().Add("30"));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
  EXPECT_FALSE(session->broken());
  EXPECT_TRUE(absl::IsDeadlineExceeded(session->SetDeadline(absl::Now())));
}

TEST(SessionTest, TheTimeoutIsAtMostHalfMoreThanWhatIsLeftAndIsTakenBack) {
  const auto session = OpenSession();
  for (const int millis : {1, 7, 100, 999, 5'000, 29'999}) {
    ASSERT_TRUE(session->SetDeadline(absl::Now() + absl::Milliseconds(millis + 1)).ok());
    const auto rows = session->Exec(kTimeout);
    ASSERT_TRUE(rows.ok());
    const auto set = Foreign("SELECT extract(epoch FROM '" + (*rows)[0][0].as<std::string>() +
                             "'::interval) * 1000");
    EXPECT_GE(set[0][0].as<double>(), millis / 2);
    EXPECT_LE(set[0][0].as<double>(), (millis + 1) * 1.5 + 1);
  }
  ASSERT_TRUE(session->SetDeadline(absl::InfiniteFuture()).ok());
  EXPECT_EQ((*session->Exec(kTimeout))[0][0].as<std::string>(), "0");
}

TEST(SessionTest, ATransactionIsAllOrNothing) {
  Foreign("DROP TABLE IF EXISTS session_test; CREATE TABLE session_test (n int)");
  constexpr Statement kInsert{"insert", "INSERT INTO session_test VALUES ($1::int)"};
  SessionOptions options = TestSession();
  options.statements.push_back(kInsert);
  const auto session = OpenSession(options);
  const auto insert_two = [&](absl::Status outcome) {
    return session->Transact([&] {
      for (const char* n : {"1", "2"}) {
        const auto inserted = session->Exec(kInsert, Params().Add(n));
        if (!inserted.ok()) return inserted.status();
      }
      return outcome;
    });
  };
  EXPECT_TRUE(absl::IsAborted(insert_two(AbortedError("NO", "no"))));
  EXPECT_EQ(Foreign("SELECT count(*) FROM session_test")[0][0].as<int>(), 0);
  EXPECT_TRUE(insert_two(absl::OkStatus()).ok());
  EXPECT_EQ(Foreign("SELECT count(*) FROM session_test")[0][0].as<int>(), 2);
  Foreign("DROP TABLE session_test");
}

TEST(SessionTest, ALostConnectionIsUnavailableAndStaysSo) {
  const auto session = OpenSession();
  const auto pid = session->Exec(kPid);
  ASSERT_TRUE(pid.ok());
  Foreign("SELECT pg_terminate_backend(" + (*pid)[0][0].as<std::string>() + ")");
  EXPECT_TRUE(absl::IsUnavailable(session->Exec(kPid).status()));
  EXPECT_TRUE(session->broken());
  EXPECT_TRUE(absl::IsUnavailable(session->Exec(kPid).status()));
  EXPECT_TRUE(absl::IsUnavailable(session->Transact([] { return absl::OkStatus(); })));
}

TEST(SessionTest, IsServedByTheSchemasThatSaySo) {
  SessionOptions options = TestSession();
  const int newest = Foreign("SELECT vibestack_schema_version()")[0][0].as<int>();
  for (const int known : {2, newest}) {
    options.schema_version = known;
    EXPECT_TRUE(Session::Open(options).ok()) << known;
  }
  for (const int unknown : {-1, 1, newest + 1, 9999}) {
    options.schema_version = unknown;
    EXPECT_EQ(ErrorReason(Session::Open(options).status()), "SCHEMA_UNKNOWN") << unknown;
  }
}

TEST(SessionTest, WithoutADatabaseTheErrorIsUnavailableAndRevealsNothing) {
  SessionOptions options = TestSession();
  options.database_url = "postgresql://somebody:hunter2@127.0.0.1:1/nothing";
  const absl::Status status = Session::Open(options).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  for (const char* secret : {"hunter2", "somebody", "127.0.0.1"}) {
    EXPECT_EQ(std::string(status.message()).find(secret), std::string::npos);
  }
}

}  // namespace
}  // namespace vibestack::db
