#ifndef VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_

#include <string>
#include <vector>

// Who may change which field of an account. The table is the one place that says it.
namespace vibestack::user_service {

enum class UserField {
  kId,
  kEmail,
  kFullName,
  kBio,
  kIsActive,
  kIsSuperuser,
  kCreatedAt,
  kUpdatedAt
};

enum class ChangedBy {
  kNobody,     // the database's own
  kSuperuser,  // of anybody
  kOwner,      // and superusers
};

struct FieldRule {
  const char* path;
  UserField field;
  ChangedBy changed_by;
};

inline constexpr FieldRule kFieldRules[] = {
    {"id", UserField::kId, ChangedBy::kNobody},
    {"email", UserField::kEmail, ChangedBy::kSuperuser},
    {"full_name", UserField::kFullName, ChangedBy::kOwner},
    {"bio", UserField::kBio, ChangedBy::kOwner},
    {"is_active", UserField::kIsActive, ChangedBy::kSuperuser},
    {"is_superuser", UserField::kIsSuperuser, ChangedBy::kSuperuser},
    {"created_at", UserField::kCreatedAt, ChangedBy::kNobody},
    {"updated_at", UserField::kUpdatedAt, ChangedBy::kNobody},
};

// The rule of a mask's path; nullptr for an unknown one.
const FieldRule* FindFieldRule(const std::string& path);

// Whether a caller who may reach the account at all may change the field.
bool MayChange(const FieldRule& rule, bool is_superuser);

// Every field that such a caller may change: what the mask `*` stands for.
std::vector<UserField> ChangeableFields(bool is_superuser);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
