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
void CheckNewPassword(rpc::Validator& validator, const std::string& password);
void CheckFullName(rpc::Validator& validator, const std::string& field, const std::string& name);
void CheckBio(rpc::Validator& validator, const std::string& field, const std::string& bio);

// What SignUpRequest and CreateUserRequest have in common, checked and taken over.
template <typename Request>
NewAccount TakeAccount(rpc::Validator& validator, const Request& request) {
  CheckEmail(validator, "email", request.email());
  CheckNewPassword(validator, request.password());
  NewAccount account;
  account.email = request.email();
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

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_CHECKS_H_
