#include "common/rpc/readiness.h"

namespace vibestack::rpc {

void Readiness::SetHealthy(bool healthy) {
  absl::MutexLock lock(&mutex_);
  healthy_ = healthy;
  if (server_ != nullptr) server_->SetReady(healthy);
}

void Readiness::SetServer(Server* server) {
  absl::MutexLock lock(&mutex_);
  server_ = server;
  if (server_ != nullptr) server_->SetReady(healthy_);
}

bool Readiness::ready() const {
  absl::MutexLock lock(&mutex_);
  return healthy_ && server_ != nullptr;
}

MetricRegistration RegisterReadinessMetric(Metrics& metrics, const Readiness& readiness) {
  return metrics.AddGaugeCallback("vibestack_ready", "1 while the service is ready, else 0.", {},
                                  [&readiness] { return readiness.ready() ? 1.0 : 0.0; });
}

}  // namespace vibestack::rpc
