#ifndef VIBESTACK_USER_SERVICE_API_CHECKS_H_
#define VIBESTACK_USER_SERVICE_API_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "common/rpc/validator.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/input_rules.h"

namespace vibestack::user_service {

// Edge checks that several methods share. Each adds a violation, under the name of the field, if
// the value breaks the rules of domain/input_rules.h.
void CheckEmail(rpc::Validator& validator, const std::string& field, const std::string& email);
void CheckNewPassword(rpc::Validator& validator, const std::string& field,
                      const std::string& password);
// A password to compare; required. It may be older than the rules for new passwords, so this checks
// only what bcrypt can compare.
void CheckCurrentPassword(rpc::Validator& validator, const std::string& field,
                          const std::string& password);
void CheckFullName(rpc::Validator& validator, const std::string& field, const std::string& name);
void CheckBio(rpc::Validator& validator, const std::string& field, const std::string& bio);

// An email to look up. Checks length and encoding only, because a stored email may be older than
// the rules for new emails.
void CheckEmailToFind(rpc::Validator& validator, const std::string& email);

// A token: checks length and encoding only.
void CheckToken(rpc::Validator& validator, const std::string& field, const std::string& token);

// Reads and checks the password and the profile of a SignUpRequest, ConfirmSignUpRequest or
// CreateUserRequest. The result is valid if the validator has no violation.
template <typename Request>
NewAccount TakeProfile(rpc::Validator& validator, const Request& request) {
  CheckNewPassword(validator, "password", request.password());
  NewAccount account;
  account.password = Secret(request.password());
  if (request.has_full_name()) {
    CheckFullName(validator, "full_name", request.full_name());
    account.full_name = request.full_name();
  }
  if (request.has_bio()) {
    CheckBio(validator, "bio", request.bio());
    account.bio = request.bio();
  }
  return account;
}

// As TakeProfile, and the email.
template <typename Request>
NewAccount TakeAccount(rpc::Validator& validator, const Request& request) {
  CheckEmail(validator, "email", request.email());
  NewAccount account = TakeProfile(validator, request);
  account.email = request.email();
  return account;
}

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_CHECKS_H_
