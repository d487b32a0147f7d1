#include "common/rpc/grpc_log.h"

#include <gtest/gtest.h>

namespace vibestack::rpc {
namespace {

TEST(GrpcLogTest, FaultOfAHandshakeIsInOpensslsWords) {
  EXPECT_EQ(HandshakeFault("Handshake failed with fatal error SSL_ERROR_SSL: error:0A000102:SSL "
                           "routines::unsupported protocol."),
            "unsupported protocol");
  EXPECT_EQ(HandshakeFault("Handshake failed with fatal error SSL_ERROR_SYSCALL."),
            "SSL_ERROR_SYSCALL");
}

TEST(GrpcLogTest, OtherMessagesHaveNone) {
  EXPECT_EQ(HandshakeFault("Failed to add port: address in use"), "");
  EXPECT_EQ(HandshakeFault(""), "");
}

}  // namespace
}  // namespace vibestack::rpc
