#ifndef VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_

#include <string>
#include <vector>

// Who may change which field of an account: kFieldRules.
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
  kOwnerWithPassword,  // the owner with the current password; superusers without it, for others
};

struct FieldRule {
  const char* path;  // in a field mask
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

// The rule of a path in a field mask; null if the path is unknown. Lives for ever.
const FieldRule* FindFieldRule(const std::string& path);

// A caller who may access the account: its owner, a superuser, or both. `shows_password`: the
// request has the field current_password.
struct Changer {
  bool is_superuser = false;
  bool is_owner = false;
  bool shows_password = false;
};

// Whether the caller may change the field. kNeedsPassword: yes, if the request has the current
// password.
enum class Permission { kGranted, kDenied, kNeedsPassword };
Permission PermissionFor(const FieldRule& rule, const Changer& changer);

// The fields that the caller may change; the field mask `*` means these.
std::vector<UserField> ChangeableFields(const Changer& changer);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_UPDATE_RULES_H_
