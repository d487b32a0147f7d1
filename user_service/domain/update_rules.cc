#include "user_service/domain/update_rules.h"

namespace vibestack::user_service {

const FieldRule* FindFieldRule(const std::string& path) {
  for (const FieldRule& rule : kFieldRules) {
    if (path == rule.path) return &rule;
  }
  return nullptr;
}

bool MayChange(const FieldRule& rule, bool is_superuser) {
  switch (rule.changed_by) {
    case ChangedBy::kNobody:
      return false;
    case ChangedBy::kSuperuser:
      return is_superuser;
    case ChangedBy::kOwner:
      return true;
  }
  return false;
}

std::vector<UserField> ChangeableFields(bool is_superuser) {
  std::vector<UserField> fields;
  for (const FieldRule& rule : kFieldRules) {
    if (MayChange(rule, is_superuser)) fields.push_back(rule.field);
  }
  return fields;
}

}  // namespace vibestack::user_service
