#ifndef VIBESTACK_USER_SERVICE_API_AUTH_API_H_
#define VIBESTACK_USER_SERVICE_API_AUTH_API_H_

#include "absl/status/statusor.h"
#include "common/async/task.h"
#include "common/auth/key_set.h"
#include "common/rpc/call.h"
#include "common/rpc/guard.h"
#include "common/rpc/service.h"
#include "user_service/api/guess_guard.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/sessions.h"
#include "vibestack/user/v1/auth_service.pb.h"

namespace vibestack::user_service {

// The handlers of vibestack.user.v1.AuthService; the proto says what they do. Thread-safe.
class AuthApi {
 public:
  // What is given must outlive this.
  AuthApi(rpc::Guard& guard, GuessGuard& guesses, Accounts& accounts, Sessions& sessions,
          auth::KeySetProvider keys);
  AuthApi(const AuthApi&) = delete;
  AuthApi& operator=(const AuthApi&) = delete;

  // For the server, which this must outlive.
  rpc::Service& service() { return service_; }

 private:
  void BindMethods();

  Task<absl::StatusOr<user::v1::User>> SignUp(rpc::Call& call,
                                              const user::v1::SignUpRequest& request);
  Task<absl::StatusOr<user::v1::TokenResponse>> Login(rpc::Call& call,
                                                      const user::v1::LoginRequest& request);
  // The same once the guess is counted.
  Task<absl::StatusOr<user::v1::TokenResponse>> LogIn(rpc::Call& call,
                                                      const user::v1::LoginRequest& request);
  Task<absl::StatusOr<user::v1::TokenResponse>> RefreshToken(
      rpc::Call& call, const user::v1::RefreshTokenRequest& request);
  Task<absl::StatusOr<user::v1::Jwks>> GetJwks();

  GuessGuard& guesses_;
  Accounts& accounts_;
  Sessions& sessions_;
  const auth::KeySetProvider keys_;
  rpc::Service service_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_AUTH_API_H_
