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

// How a session is set up.
struct SessionOptions {
  // A postgresql:// URL or libpq keywords. A credential: never logged.
  std::string database_url;
  // As pg_stat_activity shows it.
  std::string application_name;
  // The schema that the program was written for: one that vibestack_schema_serves() names
  // (deploy/migrations), so that old and new programs can work side by side; 0 accepts any.
  int schema_version = 0;
  // Prepared when the session opens.
  std::vector<Statement> statements;
  // How long a plan of a statement is kept at most, for sessions whose plan_cache_mode is
  // force_generic_plan: a plan fits the size that the tables had when it was made. In the beginning
  // it is kept only as long as the session was there before, so that a plan for an empty table does
  // not last while the table fills.
  absl::Duration plan_lifetime = absl::InfiniteDuration();
  // Settings of the session, such as {"vibestack.own_notify", "on"}.
  std::vector<std::pair<std::string, std::string>> settings;
};

// One connection to PostgreSQL with its statements prepared. Belongs to one thread at a time. Never
// reconnects by itself: once broken() it answers UNAVAILABLE and is to be dropped.
class Session {
 public:
  // Connects. UNAVAILABLE (DATABASE_UNAVAILABLE) when the database cannot be reached,
  // FAILED_PRECONDITION (SCHEMA_UNKNOWN) when its schema is not the one we know. `sockets`, where
  // given, can end the connection, and must outlive the session.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const SessionOptions& options,
                                                       OpenSockets* sockets = nullptr);

  // Runs a prepared statement. Outside Transact() it commits by itself. Errors: StatusFromSqlState.
  absl::StatusOr<pqxx::result> Exec(const Statement& statement, const Params& params = {});

  // Runs `work` in one READ COMMITTED transaction: commits when it returns OK, else rolls back. A
  // COMMIT whose answer was lost gives UNAVAILABLE like any lost connection: the caller finds out
  // by reading back.
  absl::Status Transact(const std::function<absl::Status()>& work);

  // Lets statements run until `deadline` (PostgreSQL's statement_timeout). The timeout is a step of
  // at most 1.5 times what is left, so that it rarely has to be sent; InfiniteFuture() removes it.
  // DEADLINE_EXCEEDED when the deadline has passed.
  absl::Status SetDeadline(absl::Time deadline);

  // Whether the connection is lost.
  bool broken() const { return broken_; }

  // What the statements that follow are traced by, each as a span of its own; null for nothing.
  // Must live until it is replaced.
  void TraceBy(const TraceContext* trace) { trace_ = trace; }

  // Asks the server for a sign of life, and whether its schema still serves this program, as Open()
  // did.
  absl::Status Ping();

 private:
  Session(const SessionOptions& options, OpenSockets* sockets);

  absl::Status CheckSchema();

  // Drops the plans when they are too old.
  absl::Status RenewPlans();

  // Runs `call` and turns what libpqxx throws into a status; finds out whether the connection
  // lives.
  absl::Status Catch(const char* what, const std::function<void()>& call);

  // The span of a statement; empty where the work is not traced.
  Span StartStatement(const char* name) const;
  void Commit(pqxx::work& transaction);

  // The same in a span, named `what`, where the work is traced.
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
  const TraceContext* trace_ = nullptr;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_SESSION_H_
