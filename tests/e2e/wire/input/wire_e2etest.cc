// Bytes that no stub would send.
#include <grpcpp/generic/generic_stub.h>

#include <fstream>
#include <future>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/e2e/wire/input/input_fixture.h"

namespace vibestack::e2e {
namespace {

using google::protobuf::MethodDescriptor;

int64_t ResidentKilobytes(Process& process) {
  std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoll(line.substr(6));
  }
  return 0;
}

class Wire : public InputTest {
 protected:
  static void ExpectClear(const MethodDescriptor& method, const std::string& bytes) {
    const auto result = Send(method, bytes);
    const std::set<grpc::StatusCode> clear = {
        grpc::OK,      grpc::INVALID_ARGUMENT, grpc::NOT_FOUND,         grpc::UNAUTHENTICATED,
        grpc::ABORTED, grpc::ALREADY_EXISTS,   grpc::PERMISSION_DENIED, grpc::FAILED_PRECONDITION};
    EXPECT_EQ(clear.count(result.code()), 1U)
        << PathOf(method) << ": " << Describe(result.status) << " for "
        << testing::PrintToString(bytes.substr(0, 100));
  }

  // A call of GetUser with these bytes, without our expectations of errors: gRPC itself answers.
  static grpc::Status SendUnchecked(const std::string& bytes, bool compressed) {
    grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(
        services_->user().channel());
    grpc::ClientContext context;
    Prepare(context, AsSuperuser());
    if (compressed) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, "/vibestack.user.v1.UserService/GetUser", {}, &request, &response,
                   [&done](grpc::Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
};

TEST_F(Wire, GarbageGetsAClearAnswer) {
  std::mt19937 random(20'260'101);  // NOLINT: the same garbage each time
  for (const MethodDescriptor* method : AllMethods()) {
    for (int i = 0; i < 60; ++i) {
      std::string bytes(random() % 64, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      ExpectClear(*method, bytes);
    }
  }
}

TEST_F(Wire, MessagesCutShortOrOfOtherTypesGetAClearAnswer) {
  for (const MethodDescriptor* method : AllMethods()) {
    for (int number = 1; number <= 10; ++number) {
      for (int wire_type = 0; wire_type <= 7; ++wire_type) {
        const std::string tag(1, static_cast<char>(number << 3 | wire_type));
        ExpectClear(*method, tag);
        ExpectClear(*method, tag + "\x05" + "ab");
        ExpectClear(*method, tag + "\xff\xff\xff\xff\x0f");
        ExpectClear(*method, tag + std::string(12, '\xff'));
      }
    }
  }
}

TEST_F(Wire, BytesThatAreNoMessageAreInvalid) {
  for (const MethodDescriptor* method : AllMethods()) {
    for (const std::string& bytes : {std::string("\xff\xff\xff"), std::string("\x0a\xff")}) {
      const auto result = Send(*method, bytes);
      EXPECT_EQ(result.code(), grpc::INVALID_ARGUMENT)
          << PathOf(*method) << ": " << Describe(result.status);
      EXPECT_EQ(result.reason(), "MALFORMED_MESSAGE") << PathOf(*method);
    }
  }
}

TEST_F(Wire, DeeplyNestedValueIsInvalid) {
  for (const int depth : {40, 101, 10'000}) {
    std::string value = "\x1a\x01x";  // Value{string_value: "x"}
    for (int i = 0; i < depth; ++i) {
      const auto wrap = [](const std::string& tag, const std::string& inner) {
        std::string length;
        for (size_t left = inner.size(); left > 0 || length.empty(); left >>= 7) {
          length += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        }
        return absl::StrCat(tag, length, inner);
      };
      value = wrap("\x32", wrap("\x0a", value));  // Value{list_value: {values: [value]}}
    }
    job::v1::CompleteJobRequest request;
    request.set_id(NewUuid());
    request.set_lease_token(1);
    std::string bytes = request.SerializeAsString() + "\x1a";
    for (size_t left = value.size(); left > 0; left >>= 7) {
      bytes += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    }
    const auto result =
        CallRaw(services_->job().channel(), "/vibestack.job.v1.JobService/CompleteJob",
                bytes + value, AsService());
    EXPECT_THAT(result.code(), testing::AnyOf(grpc::INVALID_ARGUMENT, grpc::NOT_FOUND))
        << Describe(result.status);
    if (depth > 100) {
      EXPECT_EQ(result.code(), grpc::INVALID_ARGUMENT);
    }
  }
}

TEST_F(Wire, MessageAboveTheLimitIsRefused) {
  EXPECT_EQ(SendUnchecked(std::string(5 << 20, 'a'), false).error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(Wire, CompressedBombIsRefusedWithoutBeingHeld) {
  const int64_t before = ResidentKilobytes(services_->user().process());
  const grpc::Status status = SendUnchecked(std::string(256 << 20, '\0'), true);
  EXPECT_FALSE(status.ok());
  EXPECT_LT(ResidentKilobytes(services_->user().process()) - before, 64 << 10) << Describe(status);
}

TEST_F(Wire, UnknownMethodsAreUnimplemented) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(services_->user().channel());
  for (const char* path : {"/vibestack.user.v1.UserService/Nothing", "/a/b", "/"}) {
    grpc::ClientContext context;
    Prepare(context, AsSuperuser());
    const grpc::ByteBuffer request(nullptr, 0);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, path, {}, &request, &response,
                   [&done](grpc::Status status) { done.set_value(std::move(status)); });
    EXPECT_EQ(done.get_future().get().error_code(), grpc::UNIMPLEMENTED) << path;
  }
}

}  // namespace
}  // namespace vibestack::e2e
