#include "common/base/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace vibestack {

std::string RandomBytes(int size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), size) != 1) std::abort();
  return bytes;
}

absl::Duration BackoffWithJitter(int attempt, absl::Duration base, absl::Duration limit) {
  const absl::Duration full = std::min(limit, base * (int64_t{1} << std::clamp(attempt, 0, 20)));
  uint32_t random;
  std::memcpy(&random, RandomBytes(sizeof(random)).data(), sizeof(random));
  return full / 2 + (full / 2) * (random / 4294967296.0);
}

}  // namespace vibestack
