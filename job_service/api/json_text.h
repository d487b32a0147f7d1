#ifndef VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace vibestack::job_service {

// The maximum nesting of arrays and objects. PostgreSQL's stack allows some thousands.
inline constexpr int kMaxJsonDepth = 1'000;

// Why PostgreSQL's jsonb cannot hold this text, as a message that reads on from the field's name;
// empty if it can. jsonb has no \u0000 and no unpaired surrogates, and its numbers are those of
// NumericTakes.
std::string JsonFault(std::string text);

// The size of JSON text after its numbers are written as PostgreSQL prints them. `json` must be
// valid.
size_t JsonbTextSize(const std::string& json);

// The size of JSON text as PostgreSQL prints it: with its own spaces, numbers and escapes. Larger
// only for an object with a key twice, of which jsonb keeps the last. `json` must be valid.
size_t JsonbPrintedSize(const std::string& json);

// The maximum sizes as PostgreSQL prints them: of the output of a job, and of progress and of the
// details of an error, beside which a response has the errors of attempts. With them, every
// response fits into the 4 MiB that a gRPC client accepts by default.
inline constexpr size_t kMaxOutput = (size_t{4} << 20) - 254;
inline constexpr size_t kMaxProgress = 3'500'000;

// Why a text cannot be stored: its JsonFault, or its printed size exceeds `max`; empty if it can.
std::string ResultFault(const std::string& json, size_t max);

// The same for text without a JsonFault.
std::string ResultSizeFault(const std::string& json, size_t max);

// Appends `text`, which must be valid UTF-8, to `json` as a JSON string.
void AppendJsonString(std::string_view text, std::string& json);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
