#include "user_service/api/checks.h"

#include <optional>

#include "common/auth/bcrypt.h"
#include "common/auth/token_verifier.h"

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

void CheckNewPassword(rpc::Validator& validator, const std::string& field,
                      const std::string& password) {
  AddProblem(validator, field, PasswordProblem(Secret(password)));
}

void CheckCurrentPassword(rpc::Validator& validator, const std::string& field,
                          const std::string& password) {
  if (password.empty()) validator.Add(field, "is required");
  if (password.size() > auth::kMaxPasswordBytes) validator.Add(field, "must have at most 72 bytes");
  if (password.find('\0') != std::string::npos) validator.Add(field, "must not contain NUL");
}

void CheckEmailToFind(rpc::Validator& validator, const std::string& email) {
  validator.Text("email", email, 1, kMaxEmailCharacters);
}

void CheckToken(rpc::Validator& validator, const std::string& field, const std::string& token) {
  validator.Text(field, token, 1, auth::kMaxTokenBytes);
}

void CheckFullName(rpc::Validator& validator, const std::string& field, const std::string& name) {
  validator.Text(field, name, 0, kMaxFullNameCharacters);
}

void CheckBio(rpc::Validator& validator, const std::string& field, const std::string& bio) {
  validator.Text(field, bio, 0, kMaxBioCharacters);
}

}  // namespace vibestack::user_service
