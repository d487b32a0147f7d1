#ifndef VIBESTACK_COMMON_DB_CHANGE_EVENT_H_
#define VIBESTACK_COMMON_DB_CHANGE_EVENT_H_

#include <map>
#include <string>
#include <vector>

namespace vibestack::db {

// The channels that the triggers of deploy/migrations notify.
inline constexpr char kUsersChannel[] = "vibestack_users";
inline constexpr char kJobsChannel[] = "vibestack_agent_jobs";

// What a notification on one of them says.
struct ChangeEvent {
  // Too much happened to tell: anything may have changed.
  bool resync = false;
  // The rows that changed or are gone, in lower case.
  std::vector<std::string> ids;
  // Of jobs only: those of them that are gone, by their user (empty for none).
  std::map<std::string, std::vector<std::string>> deleted;
  // Of jobs only: the workflows that have pending jobs now.
  std::vector<std::string> pending;
};

// Reads a payload: `{"ids":[…]}`, `{"ids":[…],"pending":[…]}`, `{"deleted":{"<user_id>":[…],…}}` or
// `{"resync":true}`; members that are not known are passed over. Anybody may NOTIFY, so what is
// malformed, or names nothing, is read as `resync`.
ChangeEvent ParseChangeEvent(const std::string& payload);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_CHANGE_EVENT_H_
