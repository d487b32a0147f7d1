#ifndef VIBESTACK_JOB_SERVICE_STORE_DISTINCT_ROUNDS_H_
#define VIBESTACK_JOB_SERVICE_STORE_DISTINCT_ROUNDS_H_

#include <functional>
#include <string>
#include <vector>

namespace vibestack::job_service {

// Divides `count` writes into rounds in which no job occurs twice, because one UPDATE writes each
// row only once. Each round holds the indexes of its writes. The writes of one job keep their
// order. `id_of(i)` is the job of write i.
std::vector<std::vector<size_t>> SplitIntoRounds(
    size_t count, const std::function<const std::string&(size_t)>& id_of);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_DISTINCT_ROUNDS_H_
