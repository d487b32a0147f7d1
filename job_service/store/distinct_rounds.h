#ifndef VIBESTACK_JOB_SERVICE_STORE_DISTINCT_ROUNDS_H_
#define VIBESTACK_JOB_SERVICE_STORE_DISTINCT_ROUNDS_H_

#include <functional>
#include <string>
#include <vector>

namespace vibestack::job_service {

// Splits `count` writes into rounds in which no job occurs twice, because one UPDATE writes a row
// only once. A round has the indexes of its writes. The writes of one job keep their order.
// `id_of(i)` is the job id of write i.
std::vector<std::vector<size_t>> SplitIntoRounds(
    size_t count, const std::function<const std::string&(size_t)>& id_of);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_DISTINCT_ROUNDS_H_
