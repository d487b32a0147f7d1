#ifndef VIBESTACK_COMMON_RPC_PAGE_TOKEN_H_
#define VIBESTACK_COMMON_RPC_PAGE_TOKEN_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace vibestack::rpc {

// Where a page ended: the keyset `(created_at, id)` of its last row.
struct PagePosition {
  absl::Time created_at;
  std::string id;
};

// What a page token is bound to: the list request without its page fields, and whose rows the
// caller sees.
std::string PageFilter(const google::protobuf::Message& request, const std::string& caller_scope);

// An opaque token for the page after `position`, with a digest of the position and the filter.
std::string EncodePageToken(const PagePosition& position, const std::string& filter);

// INVALID_ARGUMENT (field `page_token`) for anything that EncodePageToken did not make for the same
// filter. (The digest is no secret: a token says where to go on and grants nothing.)
absl::StatusOr<PagePosition> DecodePageToken(const std::string& token, const std::string& filter);

// 50 for an unset size, at most 1,000; INVALID_ARGUMENT (field `page_size`) for a negative one.
absl::StatusOr<int> PageSize(int32_t requested);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_PAGE_TOKEN_H_
