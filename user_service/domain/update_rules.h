#ifndef VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_

#include <string>
#include <vector>

// Who may change which field of an account: the table below decides.
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
  kNobody,             // set by the database
  kSuperuser,          // superusers, for every account
  kOwner,              // the owner and superusers
  kOwnerWithPassword,  // the owner with the current password; superusers, for others, without it
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

// The rule of a path in a field mask; null if the path is unknown.
const FieldRule* FindFieldRule(const std::string& path);

// A caller who may access the account: its owner, a superuser, or both.
struct Changer {
  bool is_superuser = false;
  bool is_owner = false;
  bool shows_password = false;
};

// Whether the caller may change the field.
enum class Permission { kGranted, kDenied, kNeedsPassword };
Permission PermissionFor(const FieldRule& rule, const Changer& changer);

// Every field that the caller may change, which is the meaning of the mask `*`.
std::vector<UserField> ChangeableFields(const Changer& changer);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
