#include "user_service/store/user_rows.h"

#include <charconv>
#include <cstdint>

namespace vibestack::user_service {
namespace {

std::string Text(const pqxx::field& field) { return std::string(field.c_str(), field.size()); }

std::optional<std::string> OptionalText(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return Text(field);
}

bool Flag(const pqxx::field& field) { return field.c_str()[0] == 't'; }

absl::Time Time(const pqxx::field& field) {
  int64_t micros = 0;
  std::from_chars(field.c_str(), field.c_str() + field.size(), micros);
  return absl::FromUnixMicros(micros);
}

}  // namespace

User ReadUser(const pqxx::row& row) {
  return User{.id = Text(row[0]),
              .email = Text(row[1]),
              .hashed_password = Secret(Text(row[2])),
              .full_name = OptionalText(row[3]),
              .bio = OptionalText(row[4]),
              .is_active = Flag(row[5]),
              .is_superuser = Flag(row[6]),
              .created_at = Time(row[7]),
              .updated_at = Time(row[8])};
}

absl::StatusOr<UserPtr> ReadOneUser(const absl::StatusOr<pqxx::result>& rows) {
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return UserPtr();
  return std::make_shared<const User>(ReadUser((*rows)[0]));
}

}  // namespace vibestack::user_service
