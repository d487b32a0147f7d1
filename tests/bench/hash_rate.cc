#include "tests/bench/hash_rate.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "common/auth/bcrypt.h"

namespace vibestack::bench {

absl::StatusOr<double> HashRate(int cost, int threads, absl::Duration duration) {
  const Secret password("only-for-the-benchmark");
  const absl::StatusOr<std::string> hash = auth::HashPassword(password, cost);
  if (!hash.ok()) return hash.status();
  const auto began = std::chrono::steady_clock::now();
  const auto until = began + absl::ToChronoNanoseconds(duration);
  std::atomic<double> rate = 0;
  std::vector<std::thread> workers;
  workers.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      // Each thread's own rate, over whole compares.
      int compared = 0;
      auto now = began;
      for (; now < until; now = std::chrono::steady_clock::now(), ++compared) {
        static_cast<void>(auth::VerifyPassword(password, *hash));
      }
      rate.fetch_add(compared / std::chrono::duration<double>(now - began).count());
    });
  }
  for (std::thread& worker : workers) worker.join();
  return rate.load();
}

}  // namespace vibestack::bench
