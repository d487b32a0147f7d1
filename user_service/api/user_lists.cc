#include "user_service/api/user_lists.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/rpc/page_token.h"
#include "common/rpc/validator.h"
#include "user_service/api/convert.h"
#include "user_service/domain/input_rules.h"
#include "user_service/domain/sessions.h"

namespace vibestack::user_service {
namespace {

constexpr int kMaxBatch = 1'000;

// The scope of page tokens: every caller who may list users sees all of them.
constexpr char kScope[] = "users";

// `value` rounded up to a whole microsecond, the precision of stored times.
absl::Time RoundUp(const google::protobuf::Timestamp& value) {
  const absl::Duration since_epoch = rpc::ToTime(value) - absl::UnixEpoch();
  return absl::UnixEpoch() + absl::Ceil(since_epoch, absl::Microseconds(1));
}

void TakeFilters(const user::v1::ListUsersRequest& request, UserQuery& query,
                 rpc::Validator& validator) {
  validator.Text("email_prefix", request.email_prefix(), 0, kMaxEmailCharacters);
  validator.Text("full_name_prefix", request.full_name_prefix(), 0, kMaxFullNameCharacters);
  query.email_prefix = request.email_prefix();
  query.full_name_prefix = request.full_name_prefix();
  if (request.has_is_active()) query.is_active = request.is_active();
  if (request.has_is_superuser()) query.is_superuser = request.is_superuser();
  if (request.has_created_after()) {
    validator.Time("created_after", request.created_after());
    query.created_from = RoundUp(request.created_after());
  }
  if (request.has_created_before()) {
    validator.Time("created_before", request.created_before());
    query.created_before = RoundUp(request.created_before());
  }
  query.oldest_first = request.oldest_first();
}

}  // namespace

absl::StatusOr<UserQuery> ReadQuery(const user::v1::ListUsersRequest& request) {
  rpc::Validator validator;
  UserQuery query;
  TakeFilters(request, query, validator);
  const absl::StatusOr<int> size = rpc::PageSize(request.page_size());
  if (!size.ok()) validator.Add("page_size", "must not be negative");
  if (!validator.ok()) return validator.ToStatus();
  query.limit = *size + 1;
  if (request.page_token().empty()) return query;
  const absl::StatusOr<rpc::PagePosition> after =
      rpc::DecodePageToken(request.page_token(), rpc::PageFilter(request, kScope));
  if (!after.ok()) return after.status();
  query.after = UserQuery::Position{after->created_at, after->id};
  return query;
}

user::v1::ListUsersResponse ToPage(const user::v1::ListUsersRequest& request,
                                   const UserQuery& query, const UserPage& found) {
  user::v1::ListUsersResponse page;
  const std::vector<User>& users = found.users;
  const size_t size = std::min(users.size(), static_cast<size_t>(query.limit - 1));
  for (size_t i = 0; i < size; ++i) *page.add_users() = ToProto(users[i]);
  std::optional<UserQuery::Position> after = found.goes_on_after;
  if (users.size() > size) after = {users[size - 1].created_at, users[size - 1].id};
  if (after.has_value()) {
    page.set_next_page_token(
        rpc::EncodePageToken({after->created_at, after->id}, rpc::PageFilter(request, kScope)));
    *page.mutable_continues_at() = rpc::ToTimestamp(after->created_at);
  }
  return page;
}

absl::StatusOr<std::vector<std::string>> ReadIds(const auth::Caller& caller,
                                                 const user::v1::BatchGetUsersRequest& request) {
  if (request.include_accounts() && !caller.IsService()) {
    return PermissionDeniedError("FIELD_NOT_YOURS", "only a service may set include_accounts");
  }
  rpc::Validator validator;
  validator.Size("ids", request.ids_size(), 1, kMaxBatch);
  if (!validator.ok()) return validator.ToStatus();
  std::vector<std::string> ids;
  for (int i = 0; i < request.ids_size(); ++i) {
    const std::string& id = request.ids(i);
    const bool is_me = id == "me" && caller.IsUser();
    if (!is_me) validator.Id("ids[" + std::to_string(i) + "]", id);
    ids.push_back(is_me ? caller.user_id : CanonicalUuid(id));
  }
  if (!validator.ok()) return validator.ToStatus();
  return ids;
}

user::v1::BatchGetUsersResponse ToBatch(const user::v1::BatchGetUsersRequest& request,
                                        const std::vector<std::string>& ids,
                                        const std::vector<UserPtr>& users,
                                        const Secret& fingerprint_key) {
  user::v1::BatchGetUsersResponse batch;
  std::unordered_set<std::string> missing;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (users[i] == nullptr) {
      if (missing.insert(ids[i]).second) batch.add_missing_ids(ids[i]);
      continue;
    }
    *batch.add_users() = ToProto(*users[i]);
    if (!request.include_accounts()) continue;
    user::v1::Account& account = *batch.add_accounts();
    account.set_id(users[i]->id);
    account.set_is_active(users[i]->is_active);
    account.set_is_superuser(users[i]->is_superuser);
    account.set_fingerprint(FingerprintOf(*users[i], fingerprint_key));
  }
  return batch;
}

}  // namespace vibestack::user_service
