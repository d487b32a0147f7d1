#ifndef VIBESTACK_COMMON_BASE_UUID_H_
#define VIBESTACK_COMMON_BASE_UUID_H_

#include <string>
#include <string_view>

namespace vibestack {

// A random UUID of version 4 (RFC 4122, 4.4) in lower-case text form, from OpenSSL's random
// generator. Thread-safe.
std::string NewUuid();

// Whether `text` is a UUID of any version in its 36-character text form, in either case.
bool IsUuid(std::string_view text);

// Whether `text` is a UUID of version 4 and RFC 4122's variant.
bool IsUuidV4(std::string_view text);

// `uuid` in lower case, as PostgreSQL prints it, so that equal ids are equal strings.
std::string CanonicalUuid(std::string_view uuid);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_UUID_H_
