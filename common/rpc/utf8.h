#ifndef VIBESTACK_COMMON_RPC_UTF8_H_
#define VIBESTACK_COMMON_RPC_UTF8_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace vibestack::rpc {

// The number of characters (code points) in `text`, as PostgreSQL counts them for VARCHAR. Nothing
// when `text` is not valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above
// U+10FFFF).
std::optional<size_t> CountUtf8Characters(std::string_view text);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_UTF8_H_
