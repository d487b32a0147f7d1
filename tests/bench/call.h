#ifndef VIBESTACK_TESTS_BENCH_CALL_H_
#define VIBESTACK_TESTS_BENCH_CALL_H_

#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vibestack::bench {

// What a load test sends again and again. Requests are serialized once, up front, and answers stay
// bytes, so that client and yardstick cost the same whatever the method: the client shares the
// cores with the server. Immutable during a load test, read by all threads.
struct Call {
  std::string method;
  // "authorization" header; none when empty.
  std::string authorization;
  // Each call takes one of them at random.
  std::vector<grpc::ByteBuffer> requests;
  // Whether `response` is the right answer to requests[index]. It parses the answer, so the load
  // test asks only now and then.
  std::function<absl::Status(size_t index, const grpc::ByteBuffer& response)> check;
};

// grpc.health.v1.Health/Check of `service`; right is SERVING. Encoded by hand: Debian's gRPC ships
// no stub for it.
Call HealthCall(const std::string& service);

// UserService/GetUser of one of `ids`; right is the user of that id. `me` is answered by any user.
Call GetUserCall(const std::vector<std::string>& ids, const std::string& token);

// JobService/GetJob of one of `ids`; right is the job of that id.
Call GetJobCall(const std::vector<std::string>& ids, const std::string& token);

// AuthService/Login of one of these users, who were signed up by SignUp (setup.h); right is a pair
// of tokens.
Call LoginCall(const std::vector<std::string>& emails);

// JobService/CreateJob for the caller, the id left to the service; right is a pending job.
Call CreateJobCall(const std::string& token);

// JobService/BatchCreateJobs of that many; right are as many pending jobs.
Call BatchCreateJobsCall(int jobs, const std::string& token);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_CALL_H_
