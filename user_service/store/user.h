#ifndef VIBESTACK_USER_SERVICE_STORE_USER_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// A row of `users` as the rules read it: a NULL flag counts as its default.
struct User {
  std::string id;  // in lower case
  std::string email;
  Secret hashed_password;
  std::optional<std::string> full_name;
  std::optional<std::string> bio;
  bool is_active = true;
  bool is_superuser = false;
  absl::Time created_at;  // whole microseconds, as both are in the database
  absl::Time updated_at;
};

// A row that many callers may have asked for at once; null where there is none.
using UserPtr = std::shared_ptr<const User>;

// A row to be made. The timestamps are the database's.
struct NewUser {
  std::string id;
  std::string email;  // ASCII letters in lower case
  Secret hashed_password;
  std::optional<std::string> full_name;
  std::optional<std::string> bio;
  bool is_active = true;
  bool is_superuser = false;
};

// What to change of a row; what is absent stays.
struct UserChanges {
  std::optional<std::string> email;  // ASCII letters in lower case
  std::optional<Secret> hashed_password;
  std::optional<std::optional<std::string>> full_name;  // the inner one absent: NULL
  std::optional<std::optional<std::string>> bio;
  std::optional<bool> is_active;
  std::optional<bool> is_superuser;
  // No change, but a condition: that this is the hash still.
  std::optional<Secret> expected_hash;

  bool empty() const {
    return !email && !hashed_password && !full_name && !bio && !is_active && !is_superuser;
  }
  // Whether it can take an active superuser away.
  bool Demotes() const { return is_active == false || is_superuser == false; }
};

// Which rows to list, in the order of `(created_at, id)`. What is absent filters nothing.
struct UserQuery {
  struct Position {
    absl::Time created_at;
    std::string id;
  };

  // ASCII letters in any case; `%` and `_` mean themselves.
  std::string email_prefix;
  std::string full_name_prefix;
  std::optional<bool> is_active;
  std::optional<bool> is_superuser;
  std::optional<absl::Time> created_from;
  std::optional<absl::Time> created_before;
  bool oldest_first = false;
  std::optional<Position> after;  // the last row of the page before
  int limit = 0;
};

// Rows that a query found, in its order.
struct UserPage {
  std::vector<User> users;
  // The last row looked at, where there may be more behind it: with a prefix also when fewer than
  // the limit were found.
  std::optional<UserQuery::Position> goes_on_after;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_H_
