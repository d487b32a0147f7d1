#ifndef VIBESTACK_TESTS_INTEGRATION_JOB_SERVICE_PLAN_OF_H_
#define VIBESTACK_TESTS_INTEGRATION_JOB_SERVICE_PLAN_OF_H_

#include <cstdlib>
#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "common/db/statement.h"
#include "job_service/store/session_options.h"
#include "tests/support/environment.h"

namespace vibestack::job_service {

// A new session with the settings of job_service, so that it plans as job_service does.
inline std::unique_ptr<pqxx::connection> ConnectAsOurs() {
  auto ours = std::make_unique<pqxx::connection>(DatabaseUrl());
  for (const auto& [name, value] : JobSessionOptions("").settings) {
    pqxx::nontransaction(*ours).exec("SET " + name + " = " + ours->quote(value));
  }
  return ours;
}

// The generic plan of a statement in a session of ConnectAsOurs(). Call it once for each statement
// and session.
inline std::string PlanOf(pqxx::connection& ours, const db::Statement& statement, int parameters) {
  const std::string name = std::string("plan_") + statement.name;
  pqxx::nontransaction work(ours);
  work.exec("PREPARE " + name + " AS " + statement.sql);
  std::string nulls = parameters == 0 ? "" : "(NULL";
  for (int i = 1; i < parameters; ++i) nulls += ", NULL";
  if (parameters > 0) nulls += ")";
  std::string plan;
  for (const auto& row : work.exec("EXPLAIN EXECUTE " + name + nulls)) {
    plan += row[0].c_str();
    plan += '\n';
  }
  return plan;
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_TESTS_INTEGRATION_JOB_SERVICE_PLAN_OF_H_
