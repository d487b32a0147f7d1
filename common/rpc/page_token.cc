#include "common/rpc/page_token.h"

#include <google/protobuf/descriptor.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "common/base/error.h"
#include "common/base/uuid.h"

namespace vibestack::rpc {
namespace {

constexpr size_t kIdSize = 36;
constexpr size_t kDigestSize = 16;

std::string Digest(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), kDigestSize);
}

absl::Status InvalidToken() {
  return InvalidFieldError("page_token", "is not a page token of this list with these filters");
}

}  // namespace

std::string PageFilter(const google::protobuf::Message& request, const std::string& caller_scope) {
  std::unique_ptr<google::protobuf::Message> filter(request.New());
  filter->CopyFrom(request);
  for (const char* field : {"page_token", "page_size"}) {
    filter->GetReflection()->ClearField(filter.get(),
                                        filter->GetDescriptor()->FindFieldByName(field));
  }
  return request.GetDescriptor()->full_name() + '\0' + caller_scope + '\0' +
         filter->SerializeAsString();
}

std::string EncodePageToken(const PagePosition& position, const std::string& filter) {
  const std::string position_text =
      position.id + std::to_string(absl::ToUnixMicros(position.created_at));
  return absl::WebSafeBase64Escape(Digest(position_text + '\0' + filter) + position_text);
}

absl::StatusOr<PagePosition> DecodePageToken(const std::string& token, const std::string& filter) {
  std::string bytes;
  // Unescaping ignores spaces and padding; accept only the form that we write.
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() <= kDigestSize + kIdSize ||
      absl::WebSafeBase64Escape(bytes) != token) {
    return InvalidToken();
  }
  const std::string position_text = bytes.substr(kDigestSize);
  const std::string id = position_text.substr(0, kIdSize);
  int64_t micros = 0;
  if (bytes.substr(0, kDigestSize) != Digest(position_text + '\0' + filter) || !IsUuid(id) ||
      !absl::SimpleAtoi(position_text.substr(kIdSize), &micros) ||
      std::to_string(micros) != position_text.substr(kIdSize)) {
    return InvalidToken();
  }
  return PagePosition{absl::FromUnixMicros(micros), id};
}

absl::StatusOr<int> PageSize(int32_t requested) {
  if (requested < 0) return InvalidFieldError("page_size", "must not be negative");
  if (requested == 0) return 50;
  return std::min(requested, 1'000);
}

}  // namespace vibestack::rpc
