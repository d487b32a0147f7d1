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

// One call, as its handler sees it: the caller, the deadline, and whether the client cancelled.
// Lives until the call is finished. Only the task of the call may use it.
class Call {
 public:
  explicit Call(grpc::CallbackServerContext& context);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // The caller, which the interceptor sets before the handler runs.
  const auth::Caller& caller() const { return caller_; }
  void set_caller(auth::Caller caller) { caller_ = std::move(caller); }

  // The trace context of the call's own span; null while tracing is off. CallInterceptor::BeginSpan
  // sets it. It must outlive every task that the call awaits.
  const TraceContext* trace() const { return trace_; }
  void set_trace(const TraceContext* trace) { trace_ = trace; }

  // The proxies from which client_address() accepts x-forwarded-for. The interceptor sets them
  // before the handler runs. They must outlive the call.
  void set_trusted_proxies(const IpNetworks& proxies) { trusted_proxies_ = &proxies; }

  // The address of the client (see client_address.h); nothing when the transport is not IP. Takes
  // some microseconds.
  std::optional<IpAddress> client_address() const;

  // The request id from the client (metadata `x-request-id`), cut to 100 bytes; empty without one.
  std::string request_id() const { return Metadata("x-request-id").substr(0, 100); }

  // The client's deadline; InfiniteFuture() without one.
  absl::Time deadline() const { return deadline_; }

  // The deadline for one step of this call, such as an SQL statement: the client's deadline, but at
  // most 30 seconds from now.
  absl::Time WorkDeadline() const;

  // The first value of the metadata `key` (in lower case), or empty.
  std::string Metadata(const std::string& key) const;

  // Whether the client cancelled the call or disconnected.
  bool cancelled() const;

  // Calls `callback` when the client cancels or disconnects; immediately if it already did.
  // Replaces an earlier callback. The callback runs at most once, on any thread, possibly after the
  // handler has ended, so it must own what it uses.
  void OnCancel(std::function<void()> callback);

 protected:
  // Called when the client cancels or disconnects.
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

// CANCELLED: the client cancelled the call or disconnected, so nobody reads the response.
absl::Status ClientGoneError();

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CALL_H_
