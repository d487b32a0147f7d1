#include "common/config/checks.h"

#include <gtest/gtest.h>

#include <string>

namespace vibestack {
namespace {

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(ChecksTest, AnAddressIsAHostAndAPort) {
  for (const char* address :
       {"127.0.0.1:50051", "localhost:0", "[::1]:65535", "user-service.prod.svc:1", "0.0.0.0:80"}) {
    EXPECT_TRUE(CheckAddress("grpc_address", address).ok()) << address;
  }
}

TEST(ChecksTest, WhatIsNoAddressIsNamedWithItsFlag) {
  for (const char* address : {"", "localhost", ":50051", "localhost:", "localhost:65536",
                              "localhost:-1", "localhost:80x", "::1:80", "[]:80", "http://a:80"}) {
    EXPECT_EQ(Message(CheckAddress("grpc_address", address)),
              "--grpc_address must be host:port, not \"" + std::string(address) + "\"");
  }
}

TEST(ChecksTest, ARangeAllowsItsEndsAndNamesThem) {
  EXPECT_TRUE(CheckRange("bcrypt_cost", 4, 4, 16).ok());
  EXPECT_TRUE(CheckRange("bcrypt_cost", 16, 4, 16).ok());
  EXPECT_EQ(Message(CheckRange("bcrypt_cost", 99, 4, 16)), "--bcrypt_cost must be 4 to 16, not 99");
  EXPECT_FALSE(CheckRange("bcrypt_cost", 3, 4, 16).ok());
}

TEST(ChecksTest, ARangeOfDurationsReadsAsItIsWritten) {
  EXPECT_TRUE(CheckRange("ttl", absl::Minutes(15), absl::Seconds(1), absl::Hours(1)).ok());
  EXPECT_EQ(Message(CheckRange("ttl", absl::Hours(2), absl::Seconds(1), absl::Minutes(90))),
            "--ttl must be 1s to 1h30m, not 2h");
}

TEST(ChecksTest, TheFirstErrorCounts) {
  EXPECT_TRUE(FirstError({absl::OkStatus(), CheckNotEmpty("a", "x")}).ok());
  EXPECT_EQ(Message(FirstError({absl::OkStatus(), CheckNotEmpty("a", ""), CheckNotEmpty("b", "")})),
            "--a is required");
}

TEST(ChecksTest, AMissingValueIsNamed) {
  EXPECT_TRUE(CheckNotEmpty("keys_dir", "keys").ok());
  EXPECT_EQ(Message(CheckNotEmpty("keys_dir", "")), "--keys_dir is required");
}

}  // namespace
}  // namespace vibestack
