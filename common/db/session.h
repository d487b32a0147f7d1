#ifndef VIBESTACK_COMMON_DB_SESSION_H_
#define VIBESTACK_COMMON_DB_SESSION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <pqxx/pqxx>
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/trace_context.h"
#include "common/db/open_sockets.h"
#include "common/db/params.h"
#include "common/db/statement.h"
#include "common/telemetry/span.h"

namespace vibestack::db {

// How to open a session.
struct SessionOptions {
  // A postgresql:// URL or libpq keywords. A credential: never logged.
  std::string database_url;
  // The name in pg_stat_activity.
  std::string application_name;
  // The schema version that the program was written for. vibestack_schema_serves()
  // (deploy/migrations) must accept it, so that old and new programs can run side by side. 0
  // accepts any schema.
  int schema_version = 0;
  // Statements to prepare when the session opens.
  std::vector<Statement> statements;
  // Maximum age of a query plan, for sessions whose plan_cache_mode is force_generic_plan: a plan
  // suits the table sizes at the time of planning. A younger session discards its plans each time
  // its age has doubled, so that a plan for an empty table does not last while the table fills.
  absl::Duration plan_lifetime = absl::InfiniteDuration();
  // Settings (SET) of the session, such as {"vibestack.own_notify", "on"}.
  std::vector<std::pair<std::string, std::string>> settings;
};

// One connection to PostgreSQL with prepared statements. One thread at a time may use it. Never
// reconnects by itself: once broken(), every call returns UNAVAILABLE, and the owner must drop the
// session.
class Session {
 public:
  // Connects. Errors: UNAVAILABLE (DATABASE_UNAVAILABLE) when the database cannot be reached,
  // FAILED_PRECONDITION (SCHEMA_UNKNOWN) when its schema does not support this program. `sockets`,
  // if given, can shut down the connection; it must outlive the session.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const SessionOptions& options,
                                                       OpenSockets* sockets = nullptr);

  // Runs a prepared statement. Outside Transact() it commits immediately. Errors:
  // StatusFromSqlState.
  absl::StatusOr<pqxx::result> Exec(const Statement& statement, const Params& params = {});

  // Runs `work` in a READ COMMITTED transaction: commits when it returns OK, otherwise rolls back.
  // When the reply to COMMIT is lost, returns UNAVAILABLE as for any lost connection; the caller
  // must then read the row to learn the outcome.
  absl::Status Transact(const std::function<absl::Status()>& work);

  // Sets PostgreSQL's statement_timeout to the time until `deadline`. Rounds it up, to at most 1.5
  // times that time, so that the value seldom changes and need not be sent. InfiniteFuture()
  // removes it. DEADLINE_EXCEEDED when the deadline has passed.
  absl::Status SetDeadline(absl::Time deadline);

  // Whether the connection is lost.
  bool broken() const { return broken_; }

  // PostgreSQL's message when a foreign key last refused a statement. It may be in any language.
  const std::string& reference_refusal() const { return reference_refusal_; }

  // Sets the trace context of the next statements, each of which gets its own span; null for none.
  // The context must live until it is replaced.
  void TraceBy(const TraceContext* trace) { trace_ = trace; }

  // Checks that the server answers and that its schema still supports this program. Errors as
  // Open().
  absl::Status Ping();

 private:
  Session(const SessionOptions& options, OpenSockets* sockets);

  absl::Status CheckSchema();

  // Discards query plans that are too old.
  absl::Status RenewPlans();

  // Runs `call`, converts exceptions of libpqxx to a status, and detects a lost connection. `what`
  // names the statement in the log.
  absl::Status Catch(const char* what, const std::function<void()>& call);

  // Starts the span of a statement; empty when the task is not traced.
  Span StartStatement(const char* name) const;
  void Commit(pqxx::work& transaction);

  // As Catch, within a span named `what` when the task is traced.
  absl::Status CatchTraced(const char* what, const std::function<void()>& call);

  const int schema_version_;
  pqxx::connection connection_;
  std::optional<OpenSockets::Entry> socket_;
  pqxx::transaction_base* transaction_ = nullptr;
  const absl::Duration plan_lifetime_;
  const absl::Time opened_at_;
  absl::Time plans_end_;
  int64_t timeout_millis_ = 0;
  bool broken_ = false;
  std::string reference_refusal_;
  const TraceContext* trace_ = nullptr;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_SESSION_H_
