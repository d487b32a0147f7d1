#include "user_service/api/user_changes.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/rpc/validator.h"
#include "user_service/api/checks.h"
#include "user_service/domain/input_rules.h"
#include "user_service/domain/update_rules.h"

namespace vibestack::user_service {
namespace {

// Whether a request without a field mask sets this field. Output-only fields are ignored (AIP-203).
bool IsPopulated(const user::v1::User& user, UserField field) {
  switch (field) {
    case UserField::kEmail:
      return !user.email().empty();
    case UserField::kFullName:
      return user.has_full_name();
    case UserField::kBio:
      return user.has_bio();
    case UserField::kIsActive:
      return user.is_active();
    case UserField::kIsSuperuser:
      return user.is_superuser();
    default:
      return false;
  }
}

std::vector<UserField> PopulatedFields(const user::v1::User& user) {
  std::vector<UserField> fields;
  for (const FieldRule& rule : kFieldRules) {
    if (IsPopulated(user, rule.field)) fields.push_back(rule.field);
  }
  return fields;
}

bool Has(const std::vector<UserField>& fields, UserField field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

// The fields of the mask `*`: every field that the caller may change. Also is_superuser if the
// request sets it to true, so that a caller without the right gets an error.
std::vector<UserField> AllFields(const user::v1::User& user, const Changer& changer) {
  std::vector<UserField> fields = ChangeableFields(changer);
  if (user.is_superuser() && !Has(fields, UserField::kIsSuperuser)) {
    fields.push_back(UserField::kIsSuperuser);
  }
  return fields;
}

// The fields that the mask names. Adds a violation for each invalid path.
std::vector<UserField> MaskedFields(const user::v1::UpdateUserRequest& request,
                                    const Changer& changer, rpc::Validator& validator) {
  const google::protobuf::FieldMask& mask = request.update_mask();
  if (mask.paths_size() == 1 && mask.paths(0) == "*") return AllFields(request.user(), changer);
  std::vector<UserField> fields;
  for (int i = 0; i < mask.paths_size(); ++i) {
    const std::string place = "update_mask.paths[" + std::to_string(i) + "]";
    const FieldRule* rule = FindFieldRule(mask.paths(i));
    if (mask.paths(i) == "*") {
      validator.Add(place, "must be the only path when it is `*`");
    } else if (rule == nullptr) {
      validator.Add(place, "is not a field of a user");
    } else if (rule->changed_by == ChangedBy::kNobody) {
      validator.Add(place, "is output only");
    } else {
      fields.push_back(rule->field);
    }
  }
  return fields;
}

// The paths of those fields for which the caller has this permission, separated by commas.
std::string PathsWith(Permission permission, const std::vector<UserField>& fields,
                      const Changer& changer) {
  std::string paths;
  for (const FieldRule& rule : kFieldRules) {
    if (!Has(fields, rule.field) || PermissionFor(rule, changer) != permission) continue;
    paths += paths.empty() ? rule.path : std::string(", ") + rule.path;
  }
  return paths;
}

// Whether one of the fields needs the current password.
bool NeedsPassword(const std::vector<UserField>& fields, Changer changer) {
  changer.shows_password = false;
  return !PathsWith(Permission::kNeedsPassword, fields, changer).empty();
}

void ReadField(const user::v1::User& user, UserField field, UserChanges& changes,
               rpc::Validator& validator) {
  switch (field) {
    case UserField::kEmail:
      CheckEmail(validator, "user.email", user.email());
      changes.email = NormalizeEmail(user.email());
      return;
    case UserField::kFullName:
      CheckFullName(validator, "user.full_name", user.full_name());
      changes.full_name.emplace();
      if (user.has_full_name()) *changes.full_name = user.full_name();
      return;
    case UserField::kBio:
      CheckBio(validator, "user.bio", user.bio());
      changes.bio.emplace();
      if (user.has_bio()) *changes.bio = user.bio();
      return;
    case UserField::kIsActive:
      changes.is_active = user.is_active();
      return;
    case UserField::kIsSuperuser:
      changes.is_superuser = user.is_superuser();
      return;
    default:
      return;  // output only: MaskedFields refuses it
  }
}

}  // namespace

absl::StatusOr<RequestedChanges> ReadChanges(const user::v1::UpdateUserRequest& request,
                                             Changer changer) {
  changer.shows_password = !request.current_password().empty();
  rpc::Validator validator;
  if (changer.shows_password) {
    CheckCurrentPassword(validator, "current_password", request.current_password());
  }
  const std::vector<UserField> fields = request.update_mask().paths().empty()
                                            ? PopulatedFields(request.user())
                                            : MaskedFields(request, changer, validator);
  if (!validator.ok()) return validator.ToStatus();
  const std::string denied = PathsWith(Permission::kDenied, fields, changer);
  if (!denied.empty()) {
    return PermissionDeniedError("FIELD_NOT_YOURS", "only a superuser may change: " + denied);
  }
  const std::string unproved = PathsWith(Permission::kNeedsPassword, fields, changer);
  if (!unproved.empty()) {
    validator.Add("current_password", "is required to change your own " + unproved);
  }
  RequestedChanges requested;
  for (const UserField field : fields) {
    ReadField(request.user(), field, requested.changes, validator);
  }
  if (!validator.ok()) return validator.ToStatus();
  if (NeedsPassword(fields, changer)) {
    requested.current_password = Secret(request.current_password());
  }
  return requested;
}

}  // namespace vibestack::user_service
