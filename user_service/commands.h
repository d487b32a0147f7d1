#ifndef VIBESTACK_USER_SERVICE_COMMANDS_H_
#define VIBESTACK_USER_SERVICE_COMMANDS_H_

#include "absl/status/status.h"

// The commands of the program besides `serve`. Each one reads its own flags and prints its result
// on stdout. The message of an error is for the operator.
namespace vibestack::user_service {

// Creates a signing key and fingerprint.secret in --keys_dir, if they are missing.
absl::Status CreateKeys();

// Makes the account of --email an active superuser and prints its id.
absl::Status CreateSuperuser();

// Prints a token for the service --name, valid for --ttl.
absl::Status IssueServiceToken();

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_COMMANDS_H_
