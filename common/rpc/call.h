#ifndef VIBESTACK_COMMON_RPC_CALL_H_
#define VIBESTACK_COMMON_RPC_CALL_H_

#include <grpcpp/server_context.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/base/trace_context.h"
#include "common/rpc/ip_address.h"

namespace vibestack::rpc {

// One call as its handler sees it: who calls, until when, and whether they still care. Lives until
// the call is finished. Used by the call's own task only, but for OnCancel's callback.
class Call {
 public:
  explicit Call(grpc::CallbackServerContext& context);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Set by the guard before the handler runs.
  const auth::Caller& caller() const { return caller_; }
  void set_caller(auth::Caller caller) { caller_ = std::move(caller); }

  // What the call is traced by: its own span; null where it has none. Set before the guard; must
  // outlive what the call awaits.
  const TraceContext* trace() const { return trace_; }
  void set_trace(const TraceContext* trace) { trace_ = trace; }

  // Whose proxies' word counts in client_address(). Set by the guard before the handler runs; must
  // outlive the call.
  void set_trusted_proxies(const IpNetworks& proxies) { trusted_proxies_ = &proxies; }

  // Where the call comes from (see client_address.h); nothing when it came by no IP. Takes some
  // microseconds.
  std::optional<IpAddress> client_address() const;

  // By which the caller names the request in its own logs (metadata `x-request-id`), cut to 100
  // bytes; empty without.
  std::string request_id() const { return Metadata("x-request-id").substr(0, 100); }

  // The client's deadline; InfiniteFuture() without one.
  absl::Time deadline() const { return deadline_; }

  // Until when a piece of work for this call may take: the client's deadline, and never more than
  // half a minute from now.
  absl::Time WorkDeadline() const;

  // Metadata that the client sent (the first value), or empty. `key` in lower case.
  std::string Metadata(const std::string& key) const;

  // Whether the client went away.
  bool cancelled() const;

  // Runs `callback` if the client goes away, at once if it has; replaces the callback before. It
  // runs on any thread, possibly after the handler went on, so it must own what it uses.
  void OnCancel(std::function<void()> callback);

 protected:
  // The client went away.
  void NotifyCancelled();

 private:
  grpc::CallbackServerContext& context_;
  const absl::Time deadline_;
  auth::Caller caller_;
  const IpNetworks* trusted_proxies_ = nullptr;
  const TraceContext* trace_ = nullptr;
  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void()> on_cancel_ ABSL_GUARDED_BY(mutex_);
};

// CANCELLED: the client went away, so nobody hears it.
absl::Status ClientGoneError();

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CALL_H_
