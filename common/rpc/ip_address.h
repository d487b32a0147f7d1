#ifndef VIBESTACK_COMMON_RPC_IP_ADDRESS_H_
#define VIBESTACK_COMMON_RPC_IP_ADDRESS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace vibestack::rpc {

// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) equals the IPv4
// address. A plain value.
class IpAddress {
 public:
  // Parses an address in text form, without port, brackets, zone or spaces.
  static std::optional<IpAddress> Parse(std::string_view text);

  bool is_v4() const;
  // In the shortest standard form.
  std::string ToString() const;
  // The network that one client typically controls: an IPv4 address itself, the /64 of an IPv6
  // address.
  std::string Network() const;

  // The first `bits` of the address; the rest is zero. `bits` counts in the 128 bits of IPv6, so
  // the first bit of an IPv4 address is number 97.
  IpAddress Prefix(int bits) const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<uint8_t, 16> bytes_{};  // an IPv6 address; IPv4 is mapped
};

// A set of networks in CIDR notation. Immutable, so thread-safe.
class IpNetworks {
 public:
  // The empty set.
  IpNetworks() = default;

  // Parses comma-separated `address/bits` or plain addresses, such as
  // `10.0.0.0/8,2001:db8::/32,192.0.2.1`. Spaces around an entry are allowed; the bits after the
  // prefix must be zero. INVALID_ARGUMENT quotes the invalid entry.
  static absl::StatusOr<IpNetworks> Parse(std::string_view list);

  bool Contain(const IpAddress& address) const;

 private:
  struct Network {
    IpAddress address;
    int bits;  // of 128
  };
  static std::optional<Network> ParseOne(std::string_view text);

  std::vector<Network> networks_;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_IP_ADDRESS_H_
