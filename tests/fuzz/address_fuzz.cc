// Client addresses: gRPC's peer string, x-forwarded-for and --trusted_proxies.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/rpc/client_address.h"
#include "tests/fuzz/check.h"

using vibestack::rpc::ClientAddress;
using vibestack::rpc::IpAddress;
using vibestack::rpc::IpNetworks;
using vibestack::rpc::PeerAddress;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const IpNetworks proxies = *IpNetworks::Parse("10.0.0.0/8,2001:db8::/32");
  const IpAddress proxy = *IpAddress::Parse("10.0.0.1");
  const IpAddress stranger = *IpAddress::Parse("192.0.2.1");

  const auto address = IpAddress::Parse(text);
  if (address.has_value()) FUZZ_CHECK(IpAddress::Parse(address->ToString()) == address);
  const auto peer = PeerAddress(text);
  if (peer.has_value()) FUZZ_CHECK(IpAddress::Parse(peer->ToString()) == peer);
  FUZZ_CHECK(ClientAddress(stranger, {text}, proxies) == stranger);
  // The entry of the nearest proxy decides, whatever is left of it.
  FUZZ_CHECK(ClientAddress(proxy, {text, "203.0.113.9"}, proxies).ToString() == "203.0.113.9");
  const IpAddress client = ClientAddress(proxy, {text}, proxies);
  FUZZ_CHECK(IpAddress::Parse(client.ToString()) == client);

  const auto networks = IpNetworks::Parse(text);
  if (networks.ok() && address.has_value()) FUZZ_CHECK(networks->Contain(*address));
  return 0;
}
