#include "common/db/connect_fault.h"

#include <gtest/gtest.h>

#include "common/db/sql_state.h"

namespace vibestack::db {
namespace {

TEST(ConnectFaultTest, WordsAboutTlsNameNoHostNoUserAndNoPath) {
  const std::string host =
      "connection to server at \"db.internal\" (10.0.0.7), port 5432 failed: server certificate "
      "for \"other\" does not match host name \"db.internal\"";
  EXPECT_EQ(TlsFault(host), "the server's certificate is for another host");
  const std::string file =
      "connection to server at \"db.internal\" (10.0.0.7), port 5432 failed: root certificate file "
      "\"/run/ca.pem\" does not exist";
  EXPECT_EQ(TlsFault(file), "the sslrootcert file cannot be used");
  const std::string user = "FATAL:  certificate authentication failed for user \"certified\"";
  EXPECT_EQ(TlsFault(user), "the server does not accept this client certificate for this user");
}

TEST(ConnectFaultTest, OtherFaultsAreNotAboutTls) {
  EXPECT_EQ(TlsFault("could not connect to server: Connection refused"), "");
  EXPECT_EQ(TlsFault("FATAL:  password authentication failed for user \"somebody\""), "");
}

TEST(ConnectFaultTest, AnErrorCarriesThem) {
  const absl::Status error = StatusFromSqlState("");
  EXPECT_EQ(ConnectFaultOf(error), "");
  EXPECT_EQ(ConnectFaultOf(WithConnectFault(error, "words")), "words");
  EXPECT_TRUE(IsDatabaseUnavailable(WithConnectFault(error, "words")));
}

}  // namespace
}  // namespace vibestack::db
