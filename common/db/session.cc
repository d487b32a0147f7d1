#include "common/db/session.h"

#include <algorithm>
#include <exception>
#include <new>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/exception.h"
#include "common/db/connect_fault.h"
#include "common/db/connection_string.h"
#include "common/db/sql_state.h"
#include "common/telemetry/log.h"

namespace vibestack::db {
namespace {

// SET for one setting after the other, in one round trip.
std::string SetAll(pqxx::connection& connection,
                   const std::vector<std::pair<std::string, std::string>>& settings) {
  std::string all = "SELECT NULL";
  for (const auto& [name, value] : settings) {
    all += ", set_config(" + connection.quote(name) + ", " + connection.quote(value) + ", false)";
  }
  return all;
}

// What PostgreSQL says if the result of a prepared statement would have other types than before.
constexpr char kStalePlan[] = "0A000";

void LogRefused(const std::string& statement, const std::string& sql_state) {
  Log(LogLevel::kError, "statement_refused", {{"statement", statement}, {"sql_state", sql_state}});
}

// A table, column, type or function does not exist.
bool IsMissing(const std::string& sql_state) {
  return sql_state == "42P01" || sql_state == "42703" || sql_state == "42704" ||
         sql_state == "42883";
}

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

const std::vector<std::pair<std::string, std::string>>& BaseSettings() {
  static const auto* const settings = new std::vector<std::pair<std::string, std::string>>{
      {"default_transaction_isolation", "read committed"},
      {"default_transaction_deferrable", "off"},
      {"statement_timeout", "0"},  // until SetDeadline()
      {"lock_timeout", "0"},
      {"idle_session_timeout", "0"},
      // No transaction of ours waits for anything but the database. A process that is stopped in
      // the middle of one must not keep its locks.
      {"idle_in_transaction_session_timeout", "30s"},
      {"datestyle", "ISO, YMD"},
      {"timezone", "UTC"},
      {"intervalstyle", "postgres"},
      {"extra_float_digits", "1"},
      {"bytea_output", "hex"},
      {"standard_conforming_strings", "on"},
      {"array_nulls", "on"},
      {"transform_null_equals", "off"},
      {"enable_indexscan", "on"},
      {"enable_indexonlyscan", "on"},
      {"enable_nestloop", "on"},
      {"enable_sort", "on"},
      {"enable_hashagg", "on"},
      {"enable_material", "on"},
      {"enable_memoize", "on"},
      {"from_collapse_limit", "8"},
      {"join_collapse_limit", "8"},
  };
  return *settings;
}

Session::Session(const SessionOptions& options, OpenSockets* sockets)
    : schema_version_(options.schema_version),
      statements_(options.statements),
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
  pqxx::nontransaction setup(connection_);
  setup.exec(SetAll(connection_, BaseSettings()));
  // PostgreSQL 17 has it.
  setup.exec(
      "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'");
  if (!options.settings.empty()) setup.exec(SetAll(connection_, options.settings));
  if (schema_version_ != 0) ChooseSchema(setup);
}

void Session::ChooseSchema(pqxx::nontransaction& setup) {
  setup.exec(
      "SELECT set_config('search_path', quote_ident(n.nspname) || ', pg_temp', false)"
      " FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
      " WHERE p.proname = 'vibestack_schema_serves'"
      "   AND has_schema_privilege(n.oid, 'USAGE')"
      " ORDER BY pg_function_is_visible(p.oid) DESC, n.nspname LIMIT 1");
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
    const absl::Status prepared = session->Prepare(statement);
    if (!prepared.ok()) return prepared;
  }
  return session;
}

absl::Status Session::Prepare(const Statement& statement) {
  return Catch(statement.name, [&] {
    connection_.prepare(statement.name, statement.sql);
    connection_.prepare_now(statement.name);
  });
}

absl::Status Session::PrepareAnew(const Statement& statement) {
  absl::Status status = Catch(statement.name, [&] { connection_.unprepare(statement.name); });
  if (status.ok()) status = Prepare(statement);
  broken_ = broken_ || !status.ok();
  return status;
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
  } catch (const pqxx::deadlock_detected&) {
    sql_state = "40P01";
  } catch (const pqxx::transaction_rollback&) {
    sql_state = "40001";
  } catch (const pqxx::too_many_connections&) {
    sql_state = "53300";
  } catch (const pqxx::failure&) {
    // A lost connection or an unknown result of COMMIT: these have no SQLSTATE.
  } catch (const pqxx::usage_error&) {
    // libpqxx found the connection or the transaction in an unexpected state.
  } catch (const pqxx::internal_error&) {
  } catch (const std::bad_alloc&) {
    // The answer may be half read.
  } catch (...) {
    return InternalErrorFromException();
  }
  broken_ = sql_state.empty() || !connection_.is_open();
  absl::Status status = StatusFromSqlState(broken_ ? "" : sql_state);
  broken_ = broken_ || IsDatabaseUnavailable(status);
  if (sql_state == kStalePlan) mismatch_ = Mismatch::kOtherType;
  if (IsMissing(sql_state)) mismatch_ = Mismatch::kMissing;
  // The caller repeats a statement whose plan is stale.
  if (absl::IsInternal(status) && sql_state != kStalePlan) LogRefused(what, sql_state);
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
  const auto run = [&] {
    const auto values = pqxx::prepare::make_dynamic_params(params.pointers());
    if (transaction_ != nullptr) {
      result = transaction_->exec_prepared(statement.name, values);
    } else {
      pqxx::nontransaction alone(connection_);
      result = alone.exec_prepared(statement.name, values);
    }
  };
  if (transaction_ == nullptr) mismatch_ = Mismatch::kNone;
  absl::Status status = CatchTraced(statement.name, run);
  if (!status.ok() && transaction_ == nullptr && mismatch_ != Mismatch::kNone) {
    // PostgreSQL refuses a plan of another type before the statement does anything.
    const bool repeats = mismatch_ == Mismatch::kOtherType;
    const absl::Status prepared = PrepareAnew(statement);
    if (!prepared.ok()) return prepared;
    mismatch_ = Mismatch::kNone;
    if (repeats) status = CatchTraced(statement.name, run);
    if (mismatch_ == Mismatch::kOtherType) LogRefused(statement.name, kStalePlan);
  }
  if (!status.ok()) return status;
  return result;
}

absl::Status Session::Transact(const std::function<absl::Status()>& work) {
  mismatch_ = Mismatch::kNone;
  absl::Status status = RunTransaction(work);
  if (status.ok() || broken_ || mismatch_ == Mismatch::kNone) return status;
  const bool repeats = mismatch_ == Mismatch::kOtherType;
  for (const Statement& statement : statements_) {
    const absl::Status prepared = PrepareAnew(statement);
    if (!prepared.ok()) return prepared;
  }
  if (!repeats) return status;
  mismatch_ = Mismatch::kNone;
  status = RunTransaction(work);
  if (mismatch_ == Mismatch::kOtherType) LogRefused("transaction", kStalePlan);
  return status;
}

absl::Status Session::RunTransaction(const std::function<absl::Status()>& work) {
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
