#ifndef VIBESTACK_COMMON_RPC_CLIENT_ADDRESS_H_
#define VIBESTACK_COMMON_RPC_CLIENT_ADDRESS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/rpc/ip_address.h"

namespace vibestack::rpc {

// The address in what gRPC calls a peer: `ipv4:192.0.2.1:1234` or `ipv6:%5B2001:db8::1%5D:1234`
// (brackets are percent-encoded; a zone is left out). Nothing for other transports.
std::optional<IpAddress> PeerAddress(std::string_view peer);

// Whose call it is. That is the peer, unless the peer is a trusted proxy: then the rightmost
// address of x-forwarded-for that is no trusted proxy itself, for each proxy appends whom it heard;
// or the leftmost one where all are trusted. What stands further to the left anybody may have
// written. When an entry on the way is no address, the peer again: nothing there can be believed.
//
// `forwarded_for`: the values of all metadata of that name, in order.
IpAddress ClientAddress(const IpAddress& peer, const std::vector<std::string_view>& forwarded_for,
                        const IpNetworks& trusted_proxies);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CLIENT_ADDRESS_H_
