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

}  // namespace vibestack::rpc
