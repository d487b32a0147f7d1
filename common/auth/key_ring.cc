#include "common/auth/key_ring.h"

#include <utility>

#include "common/auth/key_files.h"

namespace vibestack::auth {

absl::StatusOr<std::unique_ptr<KeyRing>> KeyRing::Open(const std::string& directory) {
  std::unique_ptr<KeyRing> ring(new KeyRing(directory));
  if (absl::Status status = ring->Reload(); !status.ok()) return status;
  return ring;
}

std::shared_ptr<const KeySet> KeyRing::Snapshot() const {
  absl::ReaderMutexLock lock(&mutex_);
  return keys_;
}

absl::Status KeyRing::Reload() {
  const auto pems = ReadKeyFiles(directory_);
  if (!pems.ok()) return pems.status();
  auto keys = KeySet::FromPems(*pems);
  if (!keys.ok()) return keys.status();
  absl::MutexLock lock(&mutex_);
  keys_ = *std::move(keys);
  return absl::OkStatus();
}

}  // namespace vibestack::auth
