#ifndef VIBESTACK_COMMON_RPC_PAGE_TOKEN_H_
#define VIBESTACK_COMMON_RPC_PAGE_TOKEN_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace vibestack::rpc {

// The end of a page: the keyset `(created_at, id)` of its last row.
struct PagePosition {
  absl::Time created_at;
  std::string id;
};

// What a page token is bound to: the list request without its page fields, and `caller_scope`, a
// text for the set of rows that the caller may see.
std::string PageFilter(const google::protobuf::Message& request, const std::string& caller_scope);

// Encodes an opaque token for the page after `position`. It contains a digest of the position and
// the filter.
std::string EncodePageToken(const PagePosition& position, const std::string& filter);

// Decodes a token. INVALID_ARGUMENT (field `page_token`) for anything that EncodePageToken did not
// make for the same filter. (The digest is not a signature: a token only says where to continue and
// grants nothing.)
absl::StatusOr<PagePosition> DecodePageToken(const std::string& token, const std::string& filter);

// The effective page size: 50 when unset, at most 1,000. INVALID_ARGUMENT (field `page_size`) when
// negative.
absl::StatusOr<int> PageSize(int32_t requested);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_PAGE_TOKEN_H_
