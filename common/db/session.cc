#include "common/db/session.h"

#include <algorithm>
#include <exception>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/db/connect_fault.h"
#include "common/db/connection_string.h"
#include "common/db/sql_state.h"
#include "common/telemetry/log.h"

namespace vibestack::db {
namespace {

// The smallest of 1, 1.5, 2, 3, 4, 6, 8, 12, … milliseconds that is not below `millis`.
int64_t RoundUpToStep(int64_t millis) {
  int64_t step = 1;
  while (step < millis) {
    const int64_t between = step + step / 2;
    if (step > 1 && between >= millis) return between;
    step *= 2;
  }
  return step;
}

}  // namespace

Session::Session(const SessionOptions& options, OpenSockets* sockets)
    : schema_version_(options.schema_version),
      connection_(ConnectionString(options.database_url, options.application_name)),
      plan_lifetime_(options.plan_lifetime),
      opened_at_(absl::Now()),
      plans_end_(opened_at_ + plan_lifetime_) {
  if (sockets != nullptr) socket_.emplace(*sockets, connection_.sock());
  if (plan_lifetime_ != absl::InfiniteDuration()) plans_end_ = opened_at_;
    // Disable libpqxx's reconnects: a new connection would lack the settings and the transaction.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  connection_.set_verbosity(pqxx::connection_base::terse);
  for (const auto& [name, value] : options.settings) {
    pqxx::nontransaction(connection_).exec("SET " + name + " = " + connection_.quote(value));
  }
}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const SessionOptions& options,
                                                       OpenSockets* sockets) {
  std::unique_ptr<Session> session;
  try {
    session.reset(new Session(options, sockets));
  } catch (const std::exception& error) {
    // The text may name the host and the user, so it is not logged or returned.
    return WithConnectFault(StatusFromSqlState(""), TlsFault(error.what()));
  }
  const absl::Status known = session->CheckSchema();
  if (!known.ok()) return known;
  for (const Statement& statement : options.statements) {
    const absl::Status prepared = session->Catch(statement.name, [&] {
      session->connection_.prepare(statement.name, statement.sql);
      session->connection_.prepare_now(statement.name);
    });
    if (!prepared.ok()) return prepared;
  }
  return session;
}

absl::Status Session::CheckSchema() {
  if (schema_version_ == 0) return absl::OkStatus();
  int version = 0;
  bool serves = false;
  const absl::Status status = Catch("schema_version", [&] {
    // to_regprocedure returns null, not an error, before the first migration.
    const auto known =
        pqxx::nontransaction(connection_)
            .exec("SELECT to_regprocedure('vibestack_schema_serves(integer)') IS NOT NULL");
    if (!known[0][0].as<bool>()) return;
    const auto answer = pqxx::nontransaction(connection_)
                            .exec("SELECT vibestack_schema_version(), vibestack_schema_serves(" +
                                  std::to_string(schema_version_) + ")");
    version = answer[0][0].as<int>();
    serves = answer[0][1].as<bool>();
  });
  if (!status.ok() || serves) return status;
  return FailedPreconditionError(
      "SCHEMA_UNKNOWN",
      "the database has schema version " + std::to_string(version) +
          ", but this program needs version " + std::to_string(schema_version_) +
          (version < schema_version_ ? ": run deploy/migrations/migrate"
                                     : ", which the schema no longer serves: upgrade the program"));
}

absl::Status Session::Catch(const char* what, const std::function<void()>& call) {
  std::string sql_state;
  try {
    call();
    return absl::OkStatus();
  } catch (const pqxx::sql_error& error) {
    sql_state = error.sqlstate();
    if (sql_state == "23503" || sql_state == "23001") reference_refusal_ = error.what();
  } catch (const pqxx::deadlock_detected&) {
    sql_state = "40P01";
  } catch (const pqxx::transaction_rollback&) {
    sql_state = "40001";
  } catch (const pqxx::too_many_connections&) {
    sql_state = "53300";
  } catch (const std::exception&) {
    // A lost connection or an unknown result of COMMIT: these have no SQLSTATE.
    sql_state.clear();
  }
  broken_ = sql_state.empty() || !connection_.is_open();
  absl::Status status = StatusFromSqlState(broken_ ? "" : sql_state);
  broken_ = broken_ || IsDatabaseUnavailable(status);
  if (absl::IsInternal(status)) {
    Log(LogLevel::kError, "statement_refused",
        {{"statement", std::string(what)}, {"sql_state", sql_state}});
  }
  return status;
}

Span Session::StartStatement(const char* name) const {
  Span span = StartSpan(name, SpanKind::kClient, trace_);
  span.Set("db.system.name", "postgresql");
  span.Set("db.operation.name", name);
  return span;
}

absl::Status Session::CatchTraced(const char* what, const std::function<void()>& call) {
  Span span = StartStatement(what);
  absl::Status status = Catch(what, call);
  if (!status.ok()) span.Fail(ErrorReason(status));
  return status;
}

absl::Status Session::RenewPlans() {
  const absl::Time now = absl::Now();
  if (now < plans_end_ || transaction_ != nullptr) return absl::OkStatus();
  const absl::Duration age = std::max(now - opened_at_, absl::Milliseconds(10));
  plans_end_ = now + std::min(age, plan_lifetime_);
  return Catch("renew_plans", [&] { pqxx::nontransaction(connection_).exec("DISCARD PLANS"); });
}

absl::StatusOr<pqxx::result> Session::Exec(const Statement& statement, const Params& params) {
  if (broken_) return StatusFromSqlState("");
  if (params.has_nul()) return StatusFromSqlState("22021");
  const absl::Status renewed = RenewPlans();
  if (!renewed.ok()) return renewed;
  pqxx::result result;
  const absl::Status status = CatchTraced(statement.name, [&] {
    const auto values = pqxx::prepare::make_dynamic_params(params.pointers());
    if (transaction_ != nullptr) {
      result = transaction_->exec_prepared(statement.name, values);
    } else {
      pqxx::nontransaction alone(connection_);
      result = alone.exec_prepared(statement.name, values);
    }
  });
  if (!status.ok()) return status;
  return result;
}

absl::Status Session::Transact(const std::function<absl::Status()>& work) {
  if (broken_) return StatusFromSqlState("");
  absl::Status outcome;
  const absl::Status status = Catch("transaction", [&] {
    pqxx::work transaction(connection_);
    transaction_ = &transaction;
    outcome = work();
    transaction_ = nullptr;
    if (outcome.ok()) Commit(transaction);
  });
  transaction_ = nullptr;
  return outcome.ok() ? status : outcome;
}

void Session::Commit(pqxx::work& transaction) {
  Span span = StartStatement("commit");
  try {
    transaction.commit();
  } catch (...) {
    span.Fail("COMMIT_FAILED");
    throw;
  }
}

absl::Status Session::SetDeadline(absl::Time deadline) {
  int64_t millis = 0;
  if (deadline != absl::InfiniteFuture()) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return StatusFromSqlState("57014");
    millis = RoundUpToStep(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))));
    millis = std::min<int64_t>(millis, 86'400'000);
  }
  if (millis == timeout_millis_) return absl::OkStatus();
  const absl::Status status = Catch("set_deadline", [&] {
    pqxx::nontransaction(connection_).exec("SET statement_timeout = " + std::to_string(millis));
  });
  if (status.ok()) timeout_millis_ = millis;
  return status;
}

absl::Status Session::Ping() {
  const absl::Status alive =
      Catch("ping", [&] { pqxx::nontransaction(connection_).exec("SELECT 1"); });
  return alive.ok() ? CheckSchema() : alive;
}

}  // namespace vibestack::db
