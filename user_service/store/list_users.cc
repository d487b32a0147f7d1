#include "user_service/store/list_users.h"

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "user_service/store/sql.h"
#include "user_service/store/user_rows.h"

namespace vibestack::user_service {
namespace {

using Position = UserQuery::Position;

constexpr char kLowestId[] = "00000000-0000-0000-0000-000000000000";
constexpr char kHighestId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

// The columns after those of a user: kFound in search_users, kMatches and kIsLast in list_users.
constexpr int kFound = 9;
constexpr int kMatches = 9;
constexpr int kIsLast = 10;

bool ComesBefore(const Position& a, const Position& b) {
  return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
}

// The range of positions that holds the users; both ends are exclusive.
std::pair<Position, Position> Between(const UserQuery& query) {
  // Without a bound, rows whose time is infinite belong to the list.
  Position low{absl::InfinitePast(), kLowestId};
  Position high{absl::InfiniteFuture(), kHighestId};
  // The position just before the first user of the microsecond created_from.
  if (query.created_from.has_value()) {
    low = {*query.created_from - absl::Microseconds(1), kHighestId};
  }
  if (query.created_before.has_value()) high = {*query.created_before, kLowestId};
  if (query.after.has_value() && query.oldest_first && ComesBefore(low, *query.after)) {
    low = *query.after;
  }
  if (query.after.has_value() && !query.oldest_first && ComesBefore(*query.after, high)) {
    high = *query.after;
  }
  return {low, high};
}

// Adds the lowest and the highest lower-case text that begin with the prefix; two NULLs for an
// empty prefix. The highest text is the prefix and 255 times the highest character, because the
// columns hold at most 255 characters.
void AddPrefix(const std::string& prefix, db::Params& params) {
  if (prefix.empty()) {
    params.AddNull().AddNull();
    return;
  }
  std::string low = absl::AsciiStrToLower(prefix);
  std::string high = low;
  for (int i = 0; i < 255; ++i) high += "\U0010FFFF";
  params.Add(std::move(low)).Add(std::move(high));
}

// The ten parameters that all statements share.
db::Params CommonParams(const UserQuery& query, int64_t most_rows) {
  const auto [low, high] = Between(query);
  db::Params params;
  params.Add(std::optional(low.created_at)).Add(low.id);
  params.Add(std::optional(high.created_at)).Add(high.id);
  params.Add(most_rows).Add(int64_t{query.limit});
  AddPrefix(query.email_prefix, params);
  AddPrefix(query.full_name_prefix, params);
  return params;
}

// Finds users by the index of a prefix and sorts them; std::nullopt if more than kMostFound rows
// have the prefix.
absl::StatusOr<std::optional<UserPage>> Search(db::Session& session, const UserQuery& query,
                                               const db::Statement& statement) {
  db::Params params = CommonParams(query, kMostFound + 1);
  params.Add(query.is_active).Add(query.is_superuser).Add(query.oldest_first);
  const absl::StatusOr<pqxx::result> rows = session.Exec(statement, params);
  if (!rows.ok()) return rows.status();
  if ((*rows)[0][kFound].as<int64_t>() > kMostFound) return std::nullopt;
  UserPage page;
  for (const pqxx::row& row : *rows) {
    if (!row[0].is_null()) page.users.push_back(ReadUser(row));
  }
  return page;
}

// The statement for these flags. Its index holds exactly the users with these flags, in the order
// of the list.
const db::Statement& ScanStatement(const UserQuery& query) {
  const bool oldest = query.oldest_first;
  if (query.is_active.has_value() && query.is_superuser.has_value()) {
    return oldest ? sql::kListUsersByFlagsOldest : sql::kListUsersByFlagsNewest;
  }
  if (query.is_active.has_value()) {
    return oldest ? sql::kListUsersByActiveOldest : sql::kListUsersByActiveNewest;
  }
  if (query.is_superuser.has_value()) {
    return oldest ? sql::kListUsersBySuperuserOldest : sql::kListUsersBySuperuserNewest;
  }
  return oldest ? sql::kListUsersOldest : sql::kListUsersNewest;
}

// Reads users in the order of the list and filters them by the prefixes.
absl::StatusOr<UserPage> Scan(db::Session& session, const UserQuery& query) {
  const bool by_prefix = !query.email_prefix.empty() || !query.full_name_prefix.empty();
  const int64_t most = by_prefix ? kMostLookedAt : query.limit;
  db::Params params = CommonParams(query, most);
  if (query.is_active.has_value()) params.Add(query.is_active);
  if (query.is_superuser.has_value()) params.Add(query.is_superuser);
  const absl::StatusOr<pqxx::result> rows = session.Exec(ScanStatement(query), params);
  if (!rows.ok()) return rows.status();
  UserPage page;
  for (const pqxx::row& row : *rows) {
    User user = ReadUser(row);
    if (row[kIsLast].as<bool>()) page.goes_on_after = Position{user.created_at, user.id};
    if (row[kMatches].as<bool>()) page.users.push_back(std::move(user));
  }
  return page;
}

}  // namespace

absl::StatusOr<UserPage> ListUsers(db::Session& session, const UserQuery& query) {
  for (const auto& [prefix, statement] :
       {std::pair(&query.email_prefix, &sql::kSearchUsersByEmail),
        std::pair(&query.full_name_prefix, &sql::kSearchUsersByFullName)}) {
    if (prefix->empty()) continue;
    absl::StatusOr<std::optional<UserPage>> page = Search(session, query, *statement);
    if (!page.ok()) return page.status();
    if (page->has_value()) return **std::move(page);
  }
  return Scan(session, query);
}

}  // namespace vibestack::user_service
