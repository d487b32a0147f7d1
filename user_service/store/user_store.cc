#include "user_service/store/user_store.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/db/locked_rows.h"
#include "common/db/service_session.h"
#include "common/telemetry/measured_batches.h"
#include "user_service/store/list_users.h"
#include "user_service/store/purge_user.h"
#include "user_service/store/sql.h"
#include "user_service/store/user_rows.h"
#include "user_service/store/user_writes.h"

namespace vibestack::user_service {
namespace {

constexpr int kPurgeTries = 3;
constexpr char kReadKind[] = "users_by_id";

using IdList = std::vector<std::string>;
using UsersById = std::unordered_map<std::string_view, UserPtr>;

// Every requested id once, with a null user.
UsersById DistinctIds(const std::vector<IdList>& requests) {
  UsersById users;
  for (const IdList& ids : requests) {
    for (const std::string& id : ids) users.try_emplace(id);
  }
  return users;
}

absl::Status Fill(db::Session& session, const db::Params& params, UsersById& users) {
  const auto rows = session.Exec(sql::kGetUsersByIds, params);
  if (!rows.ok()) return rows.status();
  for (const pqxx::row& row : *rows) {
    auto user = std::make_shared<const User>(ReadUser(row));
    const auto place = users.find(user->id);
    if (place != users.end()) place->second = std::move(user);
  }
  return absl::OkStatus();
}

std::vector<UserPtr> Pick(const IdList& ids, const UsersById& users) {
  std::vector<UserPtr> picked;
  picked.reserve(ids.size());
  for (const std::string& id : ids) picked.push_back(users.find(id)->second);
  return picked;
}

}  // namespace

db::SessionOptions UserSessionOptions(const std::string& database_url) {
  db::SessionOptions options = db::ServiceSessionOptions(database_url, "user_service");
  options.statements.assign(std::begin(sql::kStatements), std::end(sql::kStatements));
  options.plan_lifetime = absl::Minutes(1);
  return options;
}

UserStore::UserStore(db::Pool& pool, Metrics& metrics, Options options)
    : pool_(pool),
      lists_(pool_, options.standby),
      reads_(
          MeasuredBatches(std::move(options.reads), kReadKind, metrics),
          [this](const std::vector<IdList>& requests, absl::Time deadline) {
            return ReadBatch(requests, deadline);
          },
          [](const IdList& ids) { return ids.size(); }),
      queue_metric_(RegisterQueueMetric(metrics, kReadKind, reads_)) {}

Task<absl::StatusOr<UserStore::Reads::Answers>> UserStore::ReadBatch(
    const std::vector<IdList>& requests, absl::Time deadline) {
  UsersById users = DistinctIds(requests);
  db::ArrayBuilder ids;
  for (const auto& [id, user] : users) ids.Add(id);
  db::Params params;
  params.Add(ids.Finish());
  std::function<absl::StatusOr<bool>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<bool> {
    const absl::Status filled = Fill(session, params, users);
    if (!filled.ok()) return filled;
    return true;
  };
  const absl::StatusOr<bool> done = co_await pool_.Run<bool>(deadline, db::Repeat::kSafe, work);
  if (!done.ok()) co_return done.status();
  Reads::Answers answers;
  answers.reserve(requests.size());
  for (const IdList& request : requests) answers.emplace_back(Pick(request, users));
  co_return answers;
}

Task<absl::StatusOr<std::vector<UserPtr>>> UserStore::GetMany(IdList ids, absl::Time deadline) {
  absl::StatusOr<std::vector<UserPtr>> users = co_await reads_.Submit(std::move(ids), deadline);
  co_return users;
}

Task<absl::StatusOr<UserPtr>> UserStore::Get(std::string id, absl::Time deadline) {
  IdList ids;
  ids.push_back(std::move(id));
  absl::StatusOr<std::vector<UserPtr>> users = co_await reads_.Submit(std::move(ids), deadline);
  if (!users.ok()) co_return users.status();
  co_return std::move(users->front());
}

Task<absl::StatusOr<UserPtr>> UserStore::FindByEmail(std::string email, absl::Time deadline) {
  std::function<absl::StatusOr<UserPtr>(db::Session&)> work = [&email](db::Session& session) {
    db::Params params;
    params.Add(email);
    return ReadOneUser(session.Exec(sql::kFindUserByEmail, params));
  };
  absl::StatusOr<UserPtr> user = co_await pool_.Run<UserPtr>(deadline, db::Repeat::kSafe, work);
  co_return user;
}

Task<absl::StatusOr<UserPage>> UserStore::List(UserQuery query, absl::Time deadline) {
  std::function<absl::StatusOr<UserPage>(db::Session&)> work = [&query](db::Session& session) {
    return ListUsers(session, query);
  };
  absl::StatusOr<UserPage> page = co_await lists_.Run<UserPage>(deadline, work);
  co_return page;
}

Task<absl::StatusOr<std::vector<StoredJob>>> UserStore::ListJobs(JobPageQuery query,
                                                                 absl::Time deadline) {
  using Jobs = std::vector<StoredJob>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&query](db::Session& session) {
    return ReadJobPage(session, query);
  };
  absl::StatusOr<Jobs> jobs = co_await pool_.Run<Jobs>(deadline, db::Repeat::kSafe, work);
  co_return jobs;
}

template <typename T>
Task<absl::StatusOr<T>> UserStore::Write(std::string id, absl::Time deadline,
                                         std::function<absl::StatusOr<T>(db::Session&)> work) {
  absl::StatusOr<T> outcome = co_await db::RunUntilUnlocked<T>(pool_, delays_, deadline,
                                                               db::Repeat::kSafe, std::move(work));
  on_written_(id);
  co_return outcome;
}

Task<absl::StatusOr<UserStore::Insertion>> UserStore::Insert(NewUser user, absl::Time deadline) {
  std::function<absl::StatusOr<Insertion>(db::Session&)> work = [&user](db::Session& session) {
    return InsertUser(session, user);
  };
  absl::StatusOr<Insertion> outcome = co_await Write<Insertion>(user.id, deadline, work);
  co_return outcome;
}

Task<absl::StatusOr<UserPtr>> UserStore::Update(std::string id, UserChanges changes,
                                                absl::Time deadline) {
  if (changes.empty()) {
    absl::StatusOr<UserPtr> unchanged = co_await Get(std::move(id), deadline);
    co_return unchanged;
  }
  std::function<absl::StatusOr<UserPtr>(db::Session&)> work = [&](db::Session& session) {
    return UpdateUser(session, id, changes);
  };
  absl::StatusOr<UserPtr> user = co_await Write<UserPtr>(id, deadline, work);
  co_return user;
}

Task<absl::StatusOr<UserPtr>> UserStore::ReplacePassword(UserPtr read, Secret new_hash,
                                                         absl::Time deadline) {
  std::function<absl::StatusOr<UserPtr>(db::Session&)> work = [&](db::Session& session) {
    return vibestack::user_service::ReplacePassword(session, *read, new_hash);
  };
  absl::StatusOr<UserPtr> user = co_await Write<UserPtr>(read->id, deadline, work);
  co_return user;
}

Task<absl::StatusOr<UserPtr>> UserStore::Deactivate(std::string id, absl::Time deadline) {
  std::function<absl::StatusOr<UserPtr>(db::Session&)> work = [&id](db::Session& session) {
    return DeactivateUser(session, id);
  };
  absl::StatusOr<UserPtr> user = co_await Write<UserPtr>(id, deadline, work);
  co_return user;
}

Task<absl::StatusOr<UserPtr>> UserStore::Activate(std::string id, absl::Time deadline) {
  // If the reply to the first COMMIT was lost, the second run finds the account active, because the
  // first run activated it.
  bool ran_before = false;
  std::function<absl::StatusOr<UserPtr>(db::Session&)> work = [&](db::Session& session) {
    absl::StatusOr<UserPtr> user = ActivateUser(session, id, ran_before);
    // A run that met a locked row has written nothing.
    ran_before = ran_before || !db::IsRowLocked(user.status());
    return user;
  };
  absl::StatusOr<UserPtr> user = co_await Write<UserPtr>(id, deadline, work);
  co_return user;
}

Task<absl::StatusOr<UserStore::Purge>> UserStore::Erase(std::string id, absl::Time deadline) {
  // If the reply to the first COMMIT was lost, the second run finds no user, because the first run
  // deleted it. Then the result is what the first run deleted.
  Purge before;
  std::function<absl::StatusOr<Purge>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Purge> {
    Purge purge;
    absl::Status status = PurgeUser(session, id, deadline, purge);
    for (int tries = 1; tries < kPurgeTries && absl::IsAborted(status) && !db::IsRowLocked(status);
         ++tries) {
      status = PurgeUser(session, id, deadline, purge);
    }
    if (!purge.found) purge = before;
    before = purge;
    if (!status.ok()) return status;
    return purge;
  };
  absl::StatusOr<Purge> purge = co_await Write<Purge>(id, deadline, work);
  co_return purge;
}

}  // namespace vibestack::user_service
