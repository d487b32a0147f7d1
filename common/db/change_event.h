#ifndef VIBESTACK_COMMON_DB_CHANGE_EVENT_H_
#define VIBESTACK_COMMON_DB_CHANGE_EVENT_H_

#include <map>
#include <string>
#include <vector>

namespace vibestack::db {

// The channels on which the triggers of deploy/migrations notify.
inline constexpr char kUsersChannel[] = "vibestack_users";
inline constexpr char kJobsChannel[] = "vibestack_agent_jobs";

// A change event, parsed from a notification on one of these channels.
struct ChangeEvent {
  // The event does not list the changes: anything may have changed.
  bool resync = false;
  // The ids of changed and deleted rows, in lower case.
  std::vector<std::string> ids;
  // Jobs only: the deleted jobs among `ids`, by the id of their user (an empty id for jobs without
  // a user).
  std::map<std::string, std::vector<std::string>> deleted;
  // Jobs only: the workflows that now have pending jobs.
  std::vector<std::string> pending;
};

// Parses a payload: `{"ids":[…]}`, `{"ids":[…],"pending":[…]}`, `{"deleted":{"<user_id>":[…],…}}`
// or `{"resync":true}`. Ignores unknown members. Anybody may NOTIFY, so a malformed or empty
// payload means `resync`.
ChangeEvent ParseChangeEvent(const std::string& payload);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_CHANGE_EVENT_H_
