#include "common/rpc/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace vibestack::rpc {
namespace {

constexpr int kBits = 128;
constexpr int kMappedBits = 96;  // of ::ffff:0:0/96, the prefix of mapped IPv4
constexpr int kClientBits = 64;
constexpr uint8_t kMappedPrefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
  std::copy(std::begin(kMappedPrefix), std::end(kMappedPrefix), address.bytes_.begin());
  if (inet_pton(AF_INET, terminated.c_str(), &address.bytes_[12]) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::equal(std::begin(kMappedPrefix), std::end(kMappedPrefix), bytes_.begin());
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN];
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &bytes_[12] : bytes_.data(), text, sizeof(text));
  return text;
}

std::string IpAddress::Network() const {
  return is_v4() ? ToString() : Prefix(kClientBits).ToString() + "/64";
}

IpAddress IpAddress::Prefix(int bits) const {
  IpAddress prefix = *this;
  for (int i = 0; i < static_cast<int>(prefix.bytes_.size()); ++i) {
    const int kept = std::clamp(bits - 8 * i, 0, 8);
    prefix.bytes_[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return prefix;
}

std::optional<IpNetworks::Network> IpNetworks::ParseOne(std::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
  if (!address.has_value()) return std::nullopt;
  if (slash == std::string_view::npos) return Network{*address, kBits};
  const std::string_view digits = text.substr(slash + 1);
  int bits = 0;
  const bool is_number = !digits.empty() && digits.size() <= 3 &&
                         std::all_of(digits.begin(), digits.end(),
                                     [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
                         absl::SimpleAtoi(std::string(digits), &bits);
  // `bits` is out of 32 in an address that is written as IPv4, and out of 128 in one that is
  // written as IPv6, also if it is a mapped one.
  const bool counts_from_v4 = text.find(':') == std::string_view::npos;
  if (counts_from_v4) bits += kMappedBits;
  if (!is_number || bits > kBits) return std::nullopt;
  if (!(address->Prefix(bits) == *address)) return std::nullopt;
  return Network{*address, bits};
}

absl::StatusOr<IpNetworks> IpNetworks::Parse(std::string_view list) {
  IpNetworks networks;
  if (list.empty()) return networks;
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(list.data(), list.size()), ',')) {
    const absl::string_view trimmed = absl::StripAsciiWhitespace(part);
    const std::optional<Network> network = ParseOne({trimmed.data(), trimmed.size()});
    if (!network.has_value()) {
      return absl::InvalidArgumentError("\"" + std::string(trimmed) +
                                        "\" is not a network such as 10.0.0.0/8 or 2001:db8::/32");
    }
    networks.networks_.push_back(*network);
  }
  return networks;
}

bool IpNetworks::Contain(const IpAddress& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return address.Prefix(network.bits) == network.address;
  });
}

}  // namespace vibestack::rpc
