#ifndef VIBESTACK_COMMON_RPC_UTF8_H_
#define VIBESTACK_COMMON_RPC_UTF8_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace vibestack::rpc {

// The number of characters (code points) of valid UTF-8 (RFC 3629: no overlong forms, surrogates or
// values past U+10FFFF), as PostgreSQL's VARCHAR counts them; none for anything else.
std::optional<size_t> CountUtf8Characters(std::string_view text);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_UTF8_H_
