#include "user_service/api/checks.h"

#include <optional>

namespace vibestack::user_service {
namespace {

void AddProblem(rpc::Validator& validator, const std::string& field,
                const std::optional<std::string>& problem) {
  if (problem.has_value()) validator.Add(field, *problem);
}

}  // namespace

void CheckEmail(rpc::Validator& validator, const std::string& field, const std::string& email) {
  AddProblem(validator, field, EmailProblem(email));
}

void CheckNewPassword(rpc::Validator& validator, const std::string& password) {
  AddProblem(validator, "password", PasswordProblem(Secret(password)));
}

void CheckFullName(rpc::Validator& validator, const std::string& field, const std::string& name) {
  validator.Text(field, name, 0, kMaxFullNameCharacters);
}

void CheckBio(rpc::Validator& validator, const std::string& field, const std::string& bio) {
  validator.Text(field, bio, 0, kMaxBioCharacters);
}

}  // namespace vibestack::user_service
