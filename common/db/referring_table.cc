#include "common/db/referring_table.h"

#include <utility>

#include "common/base/error.h"

namespace vibestack::db {

bool IsReferenceError(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) && ErrorReason(status) == "REFERENCE_MISSING";
}

absl::StatusOr<std::string> FindReferringTable(Session& session, const Statement& find) {
  Params params;
  params.Add(session.reference_refusal());
  const absl::StatusOr<pqxx::result> rows = session.Exec(find, params);
  if (!rows.ok()) return rows.status();
  return rows->empty() ? std::string() : std::string((*rows)[0][0].c_str());
}

absl::Status StillReferencedError(const std::string& table) {
  absl::Status status =
      FailedPreconditionError("STILL_REFERENCED", "another table still refers to it");
  return table.empty() ? status : WithErrorMetadata(std::move(status), "table", table);
}

}  // namespace vibestack::db
