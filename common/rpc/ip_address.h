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

// An IPv4 or IPv6 address; an IPv4 one mapped into IPv6 (`::ffff:192.0.2.1`) is that IPv4 one. A
// plain value.
class IpAddress {
 public:
  // An address in its usual text form, alone: no port, no brackets, no zone, no space.
  static std::optional<IpAddress> Parse(std::string_view text);

  bool is_v4() const;
  // In the shortest usual form.
  std::string ToString() const;
  // What one client has for itself: the address, of IPv6 its /64, in which it may choose freely.
  std::string Network() const;

  // The first `bits` of 128 (of an IPv4 address: of its mapped form) with zeros behind them.
  IpAddress Prefix(int bits) const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<uint8_t, 16> bytes_{};  // of IPv6; IPv4 is mapped
};

// Networks in CIDR notation. Immutable, so usable by many threads.
class IpNetworks {
 public:
  // None.
  IpNetworks() = default;

  // Comma-separated `address/bits` or bare addresses, such as `10.0.0.0/8,2001:db8::/32,192.0.2.1`;
  // spaces around them are allowed, bits behind the prefix must be zero. INVALID_ARGUMENT quotes
  // the bad part.
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
