#ifndef VIBESTACK_USER_SERVICE_API_CHECKS_H_
#define VIBESTACK_USER_SERVICE_API_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "common/rpc/validator.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/input_rules.h"

namespace vibestack::user_service {

// Checks shared by the methods that write accounts: the rules of domain/input_rules.h, each
// violation under the name of its field.
void CheckEmail(rpc::Validator& validator, const std::string& field, const std::string& email);
void CheckNewPassword(rpc::Validator& validator, const std::string& field,
                      const std::string& password);
// Of an account that exists, which may have been made by older rules; empty is for the caller to
// judge.
void CheckPresentPassword(rpc::Validator& validator, const std::string& field,
                          const std::string& password);
void CheckFullName(rpc::Validator& validator, const std::string& field, const std::string& name);
void CheckBio(rpc::Validator& validator, const std::string& field, const std::string& bio);

// An email to look for, by no more than what can be stored: it may be one by older rules, too.
void CheckSoughtEmail(rpc::Validator& validator, const std::string& email);

// A token in a field of its own, which may be any text of a token's length.
void CheckToken(rpc::Validator& validator, const std::string& field, const std::string& token);

// An account without its email, as SignUpRequest, ConfirmSignUpRequest and CreateUserRequest have
// it, checked and taken over.
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

// The same with its email.
template <typename Request>
NewAccount TakeAccount(rpc::Validator& validator, const Request& request) {
  CheckEmail(validator, "email", request.email());
  NewAccount account = TakeProfile(validator, request);
  account.email = request.email();
  return account;
}

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_CHECKS_H_
