#include "common/rpc/client_address.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace vibestack::rpc {
namespace {

// Removes the last entry of a comma-separated list and returns it.
std::string_view TakeLast(std::string_view& list) {
  const size_t comma = list.rfind(',');
  const std::string_view last = list.substr(comma + 1);  // npos + 1 is 0
  list = list.substr(0, comma == std::string_view::npos ? 0 : comma);
  const absl::string_view trimmed =
      absl::StripAsciiWhitespace(absl::string_view(last.data(), last.size()));
  return {trimmed.data(), trimmed.size()};
}

}  // namespace

std::optional<IpAddress> PeerAddress(std::string_view peer) {
  constexpr std::string_view kIpv4 = "ipv4:";
  constexpr std::string_view kIpv6 = "ipv6:";
  const size_t port = peer.rfind(':');
  if (peer.starts_with(kIpv4) && port > kIpv4.size()) {
    return IpAddress::Parse(peer.substr(kIpv4.size(), port - kIpv4.size()));
  }
  if (!peer.starts_with(kIpv6)) return std::nullopt;
  const std::string text = absl::StrReplaceAll(absl::string_view(peer.data(), peer.size()),
                                               {{"%5B", "["}, {"%5D", "]"}, {"%25", "%"}});
  const size_t open = text.find('[');
  const size_t close = text.find_first_of("%]");
  if (open != kIpv6.size() || close == std::string::npos) return std::nullopt;
  return IpAddress::Parse(std::string_view(text).substr(open + 1, close - open - 1));
}

IpAddress ClientAddress(const IpAddress& peer, const std::vector<std::string_view>& forwarded_for,
                        const IpNetworks& trusted_proxies) {
  if (!trusted_proxies.Contain(peer)) return peer;
  IpAddress client = peer;
  for (auto list = forwarded_for.rbegin(); list != forwarded_for.rend(); ++list) {
    for (std::string_view rest = *list; !rest.empty();) {
      const std::optional<IpAddress> address = IpAddress::Parse(TakeLast(rest));
      if (!address.has_value()) return peer;
      client = *address;
      if (!trusted_proxies.Contain(client)) return client;
    }
  }
  return client;
}

}  // namespace vibestack::rpc
