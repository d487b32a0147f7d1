#include "user_service/api/account_audit.h"

#include "common/rpc/call_audit.h"

namespace vibestack::user_service {

void AuditCreation(const rpc::Call& call, const User& user) {
  rpc::AuditCall(call, "user_created", {{"user_id", user.id}, {"is_superuser", user.is_superuser}});
}

void AuditChanges(const rpc::Call& call, const std::string& user_id, const UserChanges& changes) {
  if (changes.email.has_value()) rpc::AuditCall(call, "email_changed", {{"user_id", user_id}});
  if (changes.is_active.has_value()) AuditActivity(call, user_id, *changes.is_active);
  if (changes.is_superuser.has_value()) {
    rpc::AuditCall(call, *changes.is_superuser ? "promoted" : "demoted", {{"user_id", user_id}});
  }
}

void AuditActivity(const rpc::Call& call, const std::string& user_id, bool is_active) {
  rpc::AuditCall(call, is_active ? "unbanned" : "banned", {{"user_id", user_id}});
}

void AuditPurge(const rpc::Call& call, const std::string& user_id, int64_t jobs) {
  rpc::AuditCall(call, "purged", {{"user_id", user_id}, {"jobs", jobs}});
}

}  // namespace vibestack::user_service
