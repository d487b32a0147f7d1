#include "common/rpc/message.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "probe.pb.h"

namespace vibestack::rpc {
namespace {

using test::Probe;

grpc::ByteBuffer ToBytes(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

absl::Status Parse(const std::string& bytes) {
  Probe probe;
  return ParseMessage(ToBytes(bytes), probe);
}

std::string ViolatedField(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  if (!payload.has_value() || !details.ParseFromString(std::string(*payload))) return "";
  return details.field_violations(0).field();
}

TEST(MessageTest, GoesThereAndBack) {
  Probe probe;
  probe.set_text("grüße");
  probe.mutable_inner()->set_text(std::string(100'000, 'x'));
  grpc::ByteBuffer bytes;
  ASSERT_TRUE(SerializeMessage(probe, bytes).ok());
  Probe again;
  ASSERT_TRUE(ParseMessage(bytes, again).ok());
  EXPECT_EQ(again.inner().text(), probe.inner().text());
  EXPECT_TRUE(Parse("").ok());
}

TEST(MessageTest, TextThatIsNotUtf8IsNamedByItsField) {
  // The byte 0xff in field 1 (text), then the same inside field 2 (inner) and field 4
  // (value.string_value).
  const std::string text("\x0a\x01\xff", 3);
  EXPECT_EQ(ViolatedField(Parse(text)), "text");
  EXPECT_EQ(ViolatedField(Parse("\x12\x03" + text)), "inner.text");
  EXPECT_EQ(ViolatedField(Parse("\x22\x03\x1a\x01\xff")), "value.string_value");
}

TEST(MessageTest, BytesThatAreNoMessageAreTheCallersFault) {
  for (const char* wrong : {"\x0a\x05g", "\x07", "garbage", "\x0a\xff\xff\xff\xff\x0f"}) {
    const absl::Status status = Parse(wrong);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ErrorReason(status), "MALFORMED_MESSAGE");
  }
}

TEST(MessageTest, NestingWithoutEndIsRefused) {
  std::string bytes;
  for (int i = 0; i < 3'000; ++i) {
    // Field 2, then the length as a varint.
    std::string head = "\x12";
    for (size_t length = bytes.size();; length >>= 7) {
      head += static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
      if (length <= 0x7f) break;
    }
    bytes = head + bytes;
  }
  EXPECT_EQ(ErrorReason(Parse(bytes)), "MALFORMED_MESSAGE");
}

}  // namespace
}  // namespace vibestack::rpc
