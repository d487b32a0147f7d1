#include "common/rpc/client_address.h"

#include <gtest/gtest.h>

namespace vibestack::rpc {
namespace {

std::string Peer(std::string_view peer) {
  const auto address = PeerAddress(peer);
  return address.has_value() ? address->ToString() : "none";
}

TEST(PeerAddressTest, IsReadFromWhatGrpcSays) {
  EXPECT_EQ(Peer("ipv4:192.0.2.1:49152"), "192.0.2.1");
  EXPECT_EQ(Peer("ipv6:%5B2001:db8::1%5D:49152"), "2001:db8::1");
  EXPECT_EQ(Peer("ipv6:[::1]:49152"), "::1");
  EXPECT_EQ(Peer("ipv6:%5B::ffff:192.0.2.1%5D:49152"), "192.0.2.1");
  EXPECT_EQ(Peer("ipv6:%5Bfe80::1%25eth0%5D:49152"), "fe80::1");
}

TEST(PeerAddressTest, NoOtherTransportHasOne) {
  for (const char* peer : {"", "unknown", "unix:", "unix:/tmp/socket", "ipv4:", "ipv4:192.0.2.1",
                           "ipv6:", "ipv6:::1:80", "ipv6:%5B", "vsock:1:2"}) {
    EXPECT_EQ(Peer(peer), "none") << peer;
  }
}

std::string Client(std::string_view peer, const std::vector<std::string_view>& forwarded_for,
                   std::string_view trusted = "10.0.0.0/8, 2001:db8:cafe::/48") {
  return ClientAddress(*IpAddress::Parse(peer), forwarded_for, *IpNetworks::Parse(trusted))
      .ToString();
}

TEST(ClientAddressTest, AStrangersWordDoesNotCount) {
  EXPECT_EQ(Client("203.0.113.7", {"192.0.2.1"}), "203.0.113.7");
  EXPECT_EQ(Client("10.0.0.1", {"192.0.2.1"}, ""), "10.0.0.1");
}

TEST(ClientAddressTest, ATrustedProxyNamesTheClient) {
  EXPECT_EQ(Client("10.0.0.1", {"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Client("2001:db8:cafe::1", {"2001:db8::9"}), "2001:db8::9");
  EXPECT_EQ(Client("::ffff:10.0.0.1", {"::ffff:192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Client("10.0.0.1", {}), "10.0.0.1");
  EXPECT_EQ(Client("10.0.0.1", {""}), "10.0.0.1");
}

TEST(ClientAddressTest, WhatTheClientWroteItselfIsNotReached) {
  EXPECT_EQ(Client("10.0.0.1", {"198.51.100.1, 192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Client("10.0.0.1", {"198.51.100.1", "192.0.2.1 , 10.0.0.2"}), "192.0.2.1");
  EXPECT_EQ(Client("10.0.0.1", {"rubbish, 192.0.2.1,10.0.0.2"}), "192.0.2.1");
}

TEST(ClientAddressTest, WhereAllAreTrustedItIsTheFirst) {
  EXPECT_EQ(Client("10.0.0.1", {"10.0.0.3,10.0.0.2"}), "10.0.0.3");
}

TEST(ClientAddressTest, AnEntryThatIsNoAddressLeavesThePeer) {
  for (const char* entry : {"unknown", "192.0.2.1:80", "[2001:db8::1]", "192.0.2.1,", ",", " ",
                            "192.0.2.1 10.0.0.2", "192.0.2.1;10.0.0.2", "192.0.2.1,,10.0.0.2"}) {
    EXPECT_EQ(Client("10.0.0.1", {entry}), "10.0.0.1") << entry;
  }
}

}  // namespace
}  // namespace vibestack::rpc
