#ifndef VIBESTACK_USER_SERVICE_STORE_USER_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// A row of `users`. A NULL flag is read as its default.
struct User {
  std::string id;  // UUID in lower case
  std::string email;
  Secret hashed_password;
  std::optional<std::string> full_name;
  std::optional<std::string> bio;
  bool is_active = true;
  bool is_superuser = false;
  // Whole microseconds.
  absl::Time created_at;
  absl::Time updated_at;
};

// An immutable user, shared by several callers. Null if the user does not exist.
using UserPtr = std::shared_ptr<const User>;

// A user to create. PostgreSQL sets the times.
struct NewUser {
  std::string id;     // UUID in lower case
  std::string email;  // ASCII letters in lower case
  Secret hashed_password;
  std::optional<std::string> full_name;
  std::optional<std::string> bio;
  bool is_active = true;
  bool is_superuser = false;
};

// Changes to a user. An absent field keeps its value.
struct UserChanges {
  std::optional<std::string> email;  // ASCII letters in lower case
  std::optional<Secret> hashed_password;
  std::optional<std::optional<std::string>> full_name;  // inner nullopt: NULL
  std::optional<std::optional<std::string>> bio;
  std::optional<bool> is_active;
  std::optional<bool> is_superuser;
  // Not a change but a precondition: the stored hash must equal this one.
  std::optional<Secret> expected_hash;

  bool empty() const {
    return !email && !hashed_password && !full_name && !bio && !is_active && !is_superuser;
  }
  // Whether the changes may reduce the number of active superusers.
  bool Demotes() const { return is_active == false || is_superuser == false; }
};

// Selects users in the order of `(created_at, id)`. An absent or empty field does not filter.
struct UserQuery {
  struct Position {
    absl::Time created_at;
    std::string id;
  };

  // Prefixes compare ASCII letters without case. `%` and `_` are ordinary characters.
  std::string email_prefix;
  std::string full_name_prefix;
  std::optional<bool> is_active;
  std::optional<bool> is_superuser;
  std::optional<absl::Time> created_from;    // inclusive
  std::optional<absl::Time> created_before;  // exclusive
  bool oldest_first = false;
  std::optional<Position> after;  // the position where the previous page ended
  int limit = 0;
};

// A page of users, in the order of its query.
struct UserPage {
  std::vector<User> users;
  // Where the scan ended, if it stopped at its bound of rows: more users may follow, even if this
  // page has fewer users than the limit. Absent otherwise: then more users follow only if the page
  // is full.
  std::optional<UserQuery::Position> goes_on_after;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_H_
