#include "common/db/connection_string.h"

#include <algorithm>

namespace vibestack::db {

std::string ConnectionString(const std::string& database_url, const std::string& application_name) {
  std::string ours =
      "connect_timeout=5 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 "
      "tcp_user_timeout=15000 client_encoding=UTF8 application_name=" +
      application_name;
  // libpq takes the last of two equal keywords, so ours come first.
  if (database_url.find("://") == std::string::npos) return ours + " " + database_url;
  std::replace(ours.begin(), ours.end(), ' ', '&');
  const size_t mark = database_url.find('?');
  if (mark == std::string::npos) return database_url + "?" + ours;
  return database_url.substr(0, mark + 1) + ours + "&" + database_url.substr(mark + 1);
}

}  // namespace vibestack::db
