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
  UserField field;
  const char* path;
  ChangedBy changed_by;
};

inline constexpr FieldRule kFieldRules[] = {
    {UserField::kId, "id", ChangedBy::kNobody},
    {UserField::kEmail, "email", ChangedBy::kSuperuser},
    {UserField::kFullName, "full_name", ChangedBy::kOwner},
    {UserField::kBio, "bio", ChangedBy::kOwner},
    {UserField::kIsActive, "is_active", ChangedBy::kSuperuser},
    {UserField::kIsSuperuser, "is_superuser", ChangedBy::kSuperuser},
    {UserField::kCreatedAt, "created_at", ChangedBy::kNobody},
    {UserField::kUpdatedAt, "updated_at", ChangedBy::kNobody},
};

// The rule of a mask's path; nullptr for an unknown one.
const FieldRule* FindFieldRule(const std::string& path);

// Whether a caller who may reach the account at all may change the field.
bool MayChange(const FieldRule& rule, bool is_superuser);

// Every field that such a caller may change: what the mask `*` stands for.
std::vector<UserField> ChangeableFields(bool is_superuser);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
