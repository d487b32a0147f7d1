#include "common/rpc/call.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/client_address.h"

namespace vibestack::rpc {
namespace {

constexpr absl::Duration kLongestWork = absl::Seconds(30);

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

}  // namespace

Call::Call(grpc::CallbackServerContext& context)
    : context_(context), deadline_(DeadlineOf(context)) {}

absl::Time Call::WorkDeadline() const { return std::min(deadline_, absl::Now() + kLongestWork); }

std::string Call::Metadata(const std::string& key) const {
  const auto& metadata = context_.client_metadata();
  const auto it = metadata.find(key);
  if (it == metadata.end()) return "";
  return std::string(it->second.data(), it->second.size());
}

std::optional<IpAddress> Call::client_address() const {
  const std::optional<IpAddress> peer = PeerAddress(context_.peer());
  if (!peer.has_value() || trusted_proxies_ == nullptr) return peer;
  std::vector<std::string_view> forwarded_for;
  const auto [begin, end] = context_.client_metadata().equal_range("x-forwarded-for");
  for (auto it = begin; it != end; ++it) {
    forwarded_for.emplace_back(it->second.data(), it->second.size());
  }
  return ClientAddress(*peer, forwarded_for, *trusted_proxies_);
}

bool Call::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

void Call::OnCancel(std::function<void()> callback) {
  {
    absl::MutexLock lock(&mutex_);
    if (!cancelled_) {
      on_cancel_ = std::move(callback);
      return;
    }
  }
  callback();
}

void Call::NotifyCancelled() {
  std::function<void()> callback;
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    callback.swap(on_cancel_);
  }
  if (callback) callback();
}

absl::Status ClientGoneError() {
  return MakeError(absl::StatusCode::kCancelled, "CANCELLED",
                   "the client cancelled the call or disconnected");
}

}  // namespace vibestack::rpc
