#include "job_service/store/distinct_rounds.h"

#include "absl/container/flat_hash_map.h"

namespace vibestack::job_service {

std::vector<std::vector<size_t>> SplitIntoRounds(
    size_t count, const std::function<const std::string&(size_t)>& id_of) {
  std::vector<std::vector<size_t>> rounds;
  absl::flat_hash_map<std::string, size_t> seen;
  for (size_t i = 0; i < count; ++i) {
    const size_t round = seen[id_of(i)]++;
    if (round == rounds.size()) rounds.emplace_back();
    rounds[round].push_back(i);
  }
  return rounds;
}

}  // namespace vibestack::job_service
