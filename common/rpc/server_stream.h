#ifndef VIBESTACK_COMMON_RPC_SERVER_STREAM_H_
#define VIBESTACK_COMMON_RPC_SERVER_STREAM_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "common/async/task.h"
#include "common/rpc/message.h"

namespace vibestack::rpc {

// A stream of responses as bytes; see ServerStream.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // `bytes` must live until the task ends.
  virtual Task<absl::Status> Write(const grpc::ByteBuffer& bytes) = 0;
  // Writes a response, which must live until the task ends. INTERNAL if it cannot be serialized.
  virtual Task<absl::Status> WriteMessage(const google::protobuf::Message& message) {
    grpc::ByteBuffer bytes;
    const absl::Status serialized = SerializeMessage(message, bytes);
    if (!serialized.ok()) co_return serialized;
    co_return co_await Write(bytes);
  }
  virtual Task<absl::Status> Reauthorize() = 0;
};

// The stream to which the handler of a streaming method writes its responses. Only the task of the
// call may use it, one write at a time.
template <typename Response>
class ServerStream {
 public:
  // `bytes` must outlive this.
  explicit ServerStream(ByteStream& bytes) : bytes_(bytes) {}
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;

  // Sends a message, which must live until the task ends. The task ends when gRPC accepts the
  // message for the connection, so the handler writes as fast as the client reads. No thread is
  // blocked meanwhile.
  //
  // Returns CANCELLED when the client disconnected, its deadline passed, the grace period of the
  // server's shutdown is over, or the client accepted no data for a minute. The handler must end
  // then.
  Task<absl::Status> Write(const Response& message) { return bytes_.WriteMessage(message); }

  // Authorizes the call again, since the token may have expired and the account may have changed.
  // Updates the caller of the call. Errors: those of CallInterceptor::Authorize.
  Task<absl::Status> Reauthorize() { return bytes_.Reauthorize(); }

 private:
  ByteStream& bytes_;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_SERVER_STREAM_H_
