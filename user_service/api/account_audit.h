#ifndef VIBESTACK_USER_SERVICE_API_ACCOUNT_AUDIT_H_
#define VIBESTACK_USER_SERVICE_API_ACCOUNT_AUDIT_H_

#include <cstdint>
#include <string>

#include "common/rpc/call.h"
#include "user_service/store/user.h"

// Lines of the audit log about the accounts that a call changed. A call that sets a field to the
// same value writes a line, too. The name of each event is in the comment of its function.
namespace vibestack::user_service {

// `user_created`, with `is_superuser`.
void AuditCreation(const rpc::Call& call, const User& user);

// `email_changed`, `banned` or `unbanned`, `promoted` or `demoted`: one line for each changed
// field.
void AuditChanges(const rpc::Call& call, const std::string& user_id, const UserChanges& changes);

// `banned` or `unbanned`, by DeleteUser or UndeleteUser.
void AuditActivity(const rpc::Call& call, const std::string& user_id, bool is_active);

// `purged`, with the number of jobs that were deleted with the account.
void AuditPurge(const rpc::Call& call, const std::string& user_id, int64_t jobs);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_ACCOUNT_AUDIT_H_
