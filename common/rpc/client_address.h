#ifndef VIBESTACK_COMMON_RPC_CLIENT_ADDRESS_H_
#define VIBESTACK_COMMON_RPC_CLIENT_ADDRESS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/rpc/ip_address.h"

namespace vibestack::rpc {

// Parses a peer string of gRPC: `ipv4:192.0.2.1:1234` or `ipv6:%5B2001:db8::1%5D:1234` (the
// brackets are percent-encoded; a zone is ignored). Nothing for other transports.
std::optional<IpAddress> PeerAddress(std::string_view peer);

// The address of the client: the peer, unless the peer is a trusted proxy. Behind a trusted proxy
// it is the rightmost address in x-forwarded-for that is not a trusted proxy, because each proxy
// appends the address of its own peer. If all addresses are trusted, it is the leftmost one.
// Entries further left are ignored: anybody may have written them. If the search meets an entry
// that is not an address, the result is the peer.
//
// `forwarded_for` holds the values of all metadata of that name, in order.
IpAddress ClientAddress(const IpAddress& peer, const std::vector<std::string_view>& forwarded_for,
                        const IpNetworks& trusted_proxies);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CLIENT_ADDRESS_H_
