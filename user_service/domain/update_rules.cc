#include "user_service/domain/update_rules.h"

namespace vibestack::user_service {

const FieldRule* FindFieldRule(const std::string& path) {
  for (const FieldRule& rule : kFieldRules) {
    if (path == rule.path) return &rule;
  }
  return nullptr;
}

Permission PermissionFor(const FieldRule& rule, const Changer& changer) {
  const auto granted_if = [](bool condition) {
    return condition ? Permission::kGranted : Permission::kDenied;
  };
  switch (rule.changed_by) {
    case ChangedBy::kNobody:
      return Permission::kDenied;
    case ChangedBy::kSuperuser:
      return granted_if(changer.is_superuser);
    case ChangedBy::kOwner:
      return granted_if(changer.is_owner || changer.is_superuser);
    case ChangedBy::kOwnerWithPassword:
      if (!changer.is_owner) return granted_if(changer.is_superuser);
      return changer.shows_password ? Permission::kGranted : Permission::kNeedsPassword;
  }
  return Permission::kDenied;
}

std::vector<UserField> ChangeableFields(const Changer& changer) {
  std::vector<UserField> fields;
  for (const FieldRule& rule : kFieldRules) {
    if (PermissionFor(rule, changer) == Permission::kGranted) fields.push_back(rule.field);
  }
  return fields;
}

}  // namespace vibestack::user_service
