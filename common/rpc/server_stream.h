#ifndef VIBESTACK_COMMON_RPC_SERVER_STREAM_H_
#define VIBESTACK_COMMON_RPC_SERVER_STREAM_H_

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "common/async/task.h"
#include "common/rpc/message.h"

namespace vibestack::rpc {

// What a stream of answers is underneath; see ServerStream.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // `bytes` must live until the task ends.
  virtual Task<absl::Status> Write(const grpc::ByteBuffer& bytes) = 0;
  virtual Task<absl::Status> Reauthorize() = 0;
};

// The answers of one call, as the handler of a method with a stream of answers writes them. Used by
// the call's own task only, one write at a time.
template <typename Response>
class ServerStream {
 public:
  // `bytes` must outlive this.
  explicit ServerStream(ByteStream& bytes) : bytes_(bytes) {}
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;

  // Sends a message, which must live until the task ends. Ends when gRPC took the message for the
  // connection, so whoever writes is as fast as the client reads; no thread is held meanwhile.
  //
  // CANCELLED when the client went away, its deadline passed, the server's grace at shutdown is
  // over, or the client took nothing for a minute: the handler is to end then.
  Task<absl::Status> Write(const Response& message) {
    grpc::ByteBuffer bytes;
    const absl::Status serialized = SerializeMessage(message, bytes);
    if (!serialized.ok()) co_return serialized;
    co_return co_await bytes_.Write(bytes);
  }

  // Lets the call in once more, as at its beginning: the token may have expired since and the
  // account may have changed. Sets the call's caller anew. Errors as CallInterceptor::Admit.
  Task<absl::Status> Reauthorize() { return bytes_.Reauthorize(); }

 private:
  ByteStream& bytes_;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_SERVER_STREAM_H_
