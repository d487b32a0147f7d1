#include "common/rpc/ip_address.h"

#include <gtest/gtest.h>

namespace vibestack::rpc {
namespace {

std::string Text(std::string_view text) {
  const auto address = IpAddress::Parse(text);
  return address.has_value() ? address->ToString() : "none";
}

TEST(IpAddressTest, TextFormsOfOneAddressAreOne) {
  EXPECT_EQ(Text("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(Text("2001:0DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(Text("::"), "::");
  EXPECT_EQ(Text("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(Text("::ffff:c000:201"), "192.0.2.1");
}

TEST(IpAddressTest, OnlyABareAddressIsOne) {
  for (const char* text :
       {"", " ", "192.0.2", "192.0.2.256", "192.0.2.01", "0x7f.0.0.1", "3221225985", "192.0.2.1:80",
        "[::1]", "::1%eth0", " ::1", "::1 ", "1::2::3", "fe80:::1", "localhost", "unknown",
        "12345::", "192.0.2.1/32"}) {
    EXPECT_EQ(Text(text), "none") << text;
  }
  EXPECT_EQ(Text(std::string_view("192.0.2.1\0", 10)), "none");
}

TEST(IpAddressTest, OneClientIsAnIpv4AddressOrAnIpv6Slash64) {
  EXPECT_EQ(IpAddress::Parse("192.0.2.1")->Network(), "192.0.2.1");
  EXPECT_EQ(IpAddress::Parse("::ffff:192.0.2.1")->Network(), "192.0.2.1");
  EXPECT_EQ(IpAddress::Parse("2001:db8:1:2:3:4:5:6")->Network(), "2001:db8:1:2::/64");
  EXPECT_EQ(IpAddress::Parse("2001:db8:1:2::")->Network(), "2001:db8:1:2::/64");
}

bool Contains(std::string_view list, std::string_view address) {
  const auto networks = IpNetworks::Parse(list);
  EXPECT_TRUE(networks.ok()) << list;
  return networks.ok() && networks->Contain(*IpAddress::Parse(address));
}

TEST(IpNetworksTest, ContainWhatSharesTheirPrefix) {
  EXPECT_FALSE(Contains("", "127.0.0.1"));
  EXPECT_TRUE(Contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(Contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(Contains("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(Contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(Contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(Contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(Contains("::1, 2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(Contains("::1, 2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(Contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(Contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(Contains("::/0", "2001:db8::1"));
}

TEST(IpNetworksTest, AMappedAddressIsTheIpv4One) {
  EXPECT_TRUE(Contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(Contains("::ffff:10.0.0.0/104", "10.1.2.3"));
}

TEST(IpNetworksTest, WhatIsNoNetworkIsRefused) {
  for (const char* list : {",", "10.0.0.0/8,", "10.0.0.0/33", "::/129", "10.0.0.1/8", "10.0.0.0/",
                           "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0 /8", "proxy",
                           "10.0.0.0/0x8", "10.0.0.0/255.0.0.0", "2001:db8::1/32"}) {
    EXPECT_EQ(IpNetworks::Parse(list).status().code(), absl::StatusCode::kInvalidArgument) << list;
  }
}

}  // namespace
}  // namespace vibestack::rpc
