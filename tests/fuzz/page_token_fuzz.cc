// Page tokens: DecodePageToken accepts only the output of EncodePageToken, and returns the same
// position.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "common/base/uuid.h"
#include "common/rpc/page_token.h"
#include "tests/fuzz/check.h"

using vibestack::IsUuid;
using vibestack::rpc::DecodePageToken;
using vibestack::rpc::EncodePageToken;
using vibestack::rpc::PagePosition;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string filter = "vibestack.user.v1.ListUsersRequest";
  const auto foreign = DecodePageToken(text, filter);
  if (foreign.ok()) FUZZ_CHECK(EncodePageToken(*foreign, filter) == text);

  int64_t micros = 0;
  if (size < sizeof(micros)) return 0;
  std::memcpy(&micros, data, sizeof(micros));
  const PagePosition position{absl::FromUnixMicros(micros), text.substr(sizeof(micros))};
  const std::string token = EncodePageToken(position, filter);
  const auto own = DecodePageToken(token, filter);
  if (IsUuid(position.id)) {
    FUZZ_CHECK(own.ok() && own->id == position.id && own->created_at == position.created_at);
  } else if (own.ok()) {
    FUZZ_CHECK(IsUuid(own->id) && EncodePageToken(*own, filter) == token);
  }
  FUZZ_CHECK(!DecodePageToken(token, filter + "x").ok());
  return 0;
}
