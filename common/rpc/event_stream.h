#ifndef VIBESTACK_COMMON_RPC_EVENT_STREAM_H_
#define VIBESTACK_COMMON_RPC_EVENT_STREAM_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "absl/status/status.h"
#include "common/async/task.h"
#include "common/rpc/server_stream.h"
#include "google/api/httpbody.pb.h"

// Streams of responses as server-sent events, for REST. A gateway ends the response to a client in
// the same way whether the call succeeded or failed, so a client that sees no trailers cannot tell
// the end of a stream from a failure. Here the status is an event of its own.
namespace vibestack::rpc {

// Makes one event. An empty `type` means the default type, and an empty `id` no id. All are one
// line.
std::string MakeEvent(const std::string& type, const std::string& id, const std::string& data);

// Writes the messages of a stream as events: each google.api.HttpBody has one event, whose data is
// the message as JSON (column names, with default values, as the gateway's transcoder prints all
// other responses). Only the task of the call may use it.
class EventStream : public ByteStream {
 public:
  // `stream` must outlive this.
  explicit EventStream(ServerStream<google::api::HttpBody>& stream) : stream_(stream) {}

  Task<absl::Status> WriteMessage(const google::protobuf::Message& message) override;
  // Not used: a message is written as an event only.
  Task<absl::Status> Write(const grpc::ByteBuffer& bytes) override;
  Task<absl::Status> Reauthorize() override { return stream_.Reauthorize(); }

  // Ends the stream with `status` and returns it. If the stream has sent events, an error becomes
  // its last event, of the type `error`, with the google.rpc.Status as data. Otherwise the gateway
  // responds with the HTTP status of the error.
  Task<absl::Status> End(absl::Status status);

 protected:
  // The id of the event of `message`, which EventSource sends as Last-Event-ID when it opens the
  // stream again. Empty for none.
  virtual std::string IdOf(const google::protobuf::Message& message) const = 0;

 private:
  Task<absl::Status> WriteEvent(std::string event);

  ServerStream<google::api::HttpBody>& stream_;
  bool began_ = false;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_EVENT_STREAM_H_
