#ifndef VIBESTACK_USER_SERVICE_API_USER_API_H_
#define VIBESTACK_USER_SERVICE_API_USER_API_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/async/task.h"
#include "common/base/secret.h"
#include "common/rpc/call.h"
#include "common/rpc/call_interceptor.h"
#include "common/rpc/server_stream.h"
#include "common/rpc/service.h"
#include "user_service/api/auth_rate_limiter.h"
#include "user_service/domain/account_writes.h"
#include "user_service/domain/accounts.h"
#include "user_service/store/user_store.h"
#include "vibestack/user/v1/user_service.pb.h"

namespace vibestack::user_service {

// The handlers of vibestack.user.v1.UserService, as user_service.proto describes them. Thread-safe.
class UserApi {
 public:
  // The references must outlive this.
  UserApi(rpc::CallInterceptor& interceptor, AuthRateLimiter& auth_rate_limiter, Accounts& accounts,
          AccountWrites& writes, UserStore& users, Secret fingerprint_key);
  UserApi(const UserApi&) = delete;
  UserApi& operator=(const UserApi&) = delete;

  // The service for the gRPC server. This must outlive the server.
  rpc::Service& service() { return service_; }

 private:
  void BindMethods();

  template <typename T>
  using Answer = Task<absl::StatusOr<T>>;

  Answer<user::v1::User> CreateUser(rpc::Call& call, const user::v1::CreateUserRequest& request);
  Answer<user::v1::User> GetUser(rpc::Call& call, const user::v1::GetUserRequest& request);
  Answer<user::v1::User> GetUserByEmail(rpc::Call& call,
                                        const user::v1::GetUserByEmailRequest& request);
  Answer<user::v1::BatchGetUsersResponse> BatchGetUsers(
      rpc::Call& call, const user::v1::BatchGetUsersRequest& request);
  Answer<user::v1::ListUsersResponse> ListUsers(rpc::Call& call,
                                                const user::v1::ListUsersRequest& request);
  Answer<user::v1::User> UpdateUser(rpc::Call& call, const user::v1::UpdateUserRequest& request);
  Answer<user::v1::User> DeleteUser(rpc::Call& call, const user::v1::DeleteUserRequest& request);
  Answer<user::v1::User> UndeleteUser(rpc::Call& call,
                                      const user::v1::UndeleteUserRequest& request);
  Answer<user::v1::PurgeUserResponse> PurgeUser(rpc::Call& call,
                                                const user::v1::PurgeUserRequest& request);
  Task<absl::Status> ExportUser(rpc::Call& call, const user::v1::ExportUserRequest& request,
                                rpc::ServerStream<user::v1::ExportUserResponse>& stream);

  AuthRateLimiter& auth_rate_limiter_;
  Accounts& accounts_;
  AccountWrites& writes_;
  UserStore& users_;
  const Secret fingerprint_key_;
  rpc::Service service_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_USER_API_H_
