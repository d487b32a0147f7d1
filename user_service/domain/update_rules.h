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
  kNobody,             // the database's own
  kSuperuser,          // of anybody
  kOwner,              // and superusers
  kOwnerWithPassword,  // who shows the current password, and superusers of others without
};

struct FieldRule {
  const char* path;
  UserField field;
  ChangedBy changed_by;
};

inline constexpr FieldRule kFieldRules[] = {
    {"id", UserField::kId, ChangedBy::kNobody},
    {"email", UserField::kEmail, ChangedBy::kOwnerWithPassword},
    {"full_name", UserField::kFullName, ChangedBy::kOwner},
    {"bio", UserField::kBio, ChangedBy::kOwner},
    {"is_active", UserField::kIsActive, ChangedBy::kSuperuser},
    {"is_superuser", UserField::kIsSuperuser, ChangedBy::kSuperuser},
    {"created_at", UserField::kCreatedAt, ChangedBy::kNobody},
    {"updated_at", UserField::kUpdatedAt, ChangedBy::kNobody},
};

// The rule of a mask's path; nullptr for an unknown one.
const FieldRule* FindFieldRule(const std::string& path);

// A caller who may reach the account at all: its owner, or a superuser, or both.
struct Changer {
  bool is_superuser = false;
  bool is_owner = false;
  bool shows_password = false;
};

// Whether the caller may change the field.
enum class Permission { kGranted, kDenied, kNeedsPassword };
Permission PermissionFor(const FieldRule& rule, const Changer& changer);

// Every field that the caller may change: what the mask `*` stands for.
std::vector<UserField> ChangeableFields(const Changer& changer);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
