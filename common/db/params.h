#ifndef VIBESTACK_COMMON_DB_PARAMS_H_
#define VIBESTACK_COMMON_DB_PARAMS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace vibestack::db {

// Builds the text form of a one-dimensional PostgreSQL array ('{…}', PostgreSQL manual 8.15.2), for
// parameters such as `$1::text[]`. Quotes every element, so that none can be read as syntax.
class ArrayBuilder {
 public:
  void Add(std::string_view element);
  void AddNull();
  // Returns the array and empties the builder.
  std::string Finish();

 private:
  void Separate();
  std::string text_ = "{";
};

std::string EncodeArray(const std::vector<std::string>& elements);
std::string EncodeArray(const std::vector<std::optional<std::string>>& elements);

// The parameters of one execution, in order, in PostgreSQL's text form. libpqxx cuts text
// parameters at a NUL; Session::Exec refuses a value with a NUL with INVALID_ARGUMENT.
class Params {
 public:
  Params& Add(std::string value);
  Params& Add(std::optional<std::string> value);
  Params& Add(int64_t value) { return Add(std::to_string(value)); }
  Params& Add(bool value) { return Add(std::string(value ? "t" : "f")); }
  Params& Add(const char* value) { return Add(std::string(value)); }
  Params& Add(std::optional<bool> value);
  // A time in whole microseconds as timestamptz text; absent means NULL.
  Params& Add(std::optional<absl::Time> value);
  Params& AddNull();

  bool has_nul() const { return has_nul_; }
  // Pointers to the values, null for NULL; valid while this lives.
  const std::vector<const char*>& pointers() const { return pointers_; }

 private:
  std::deque<std::string> values_;  // a deque, so that pointers stay valid while it grows
  std::vector<const char*> pointers_;
  bool has_nul_ = false;
};

// Formats a time as PostgreSQL's timestamptz text in UTC, in microseconds. A time before the year 1
// becomes `-infinity`, InfiniteFuture() `infinity`.
std::string FormatTimestamp(absl::Time time);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_PARAMS_H_
