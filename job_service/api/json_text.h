#ifndef VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_

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

// Appends `text`, which must be valid UTF-8, to `json` as a JSON string.
void AppendJsonString(std::string_view text, std::string& json);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
