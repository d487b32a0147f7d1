#include "common/rpc/connection_age.h"

#include <algorithm>
#include <limits>

#include "common/config/checks.h"
#include "common/config/flag.h"

VIBESTACK_FLAG(kServing, absl::Duration, max_connection_age, absl::InfiniteDuration(),
               "How long a client connection lasts before the client must reconnect, so that new "
               "replicas get their share of clients. Calls in flight continue. 1s or more.");

namespace vibestack::rpc {

absl::Status CheckConnectionAge() {
  return CheckRange("max_connection_age", absl::GetFlag(FLAGS_max_connection_age),
                    kShortestConnectionAge, absl::InfiniteDuration());
}

void LimitConnectionAge(grpc::ServerBuilder& builder) {
  const absl::Duration age = absl::GetFlag(FLAGS_max_connection_age);
  if (age == absl::InfiniteDuration()) return;
  // No grace period is set, so gRPC never cancels the calls of an old connection. Every call has
  // its own limit.
  const int64_t longest = std::numeric_limits<int>::max() - 1;
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             static_cast<int>(std::min(absl::ToInt64Milliseconds(age), longest)));
}

}  // namespace vibestack::rpc
