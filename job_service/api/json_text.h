#ifndef VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_

#include <string>
#include <string_view>

namespace vibestack::job_service {

// The deepest nesting of arrays and objects that we accept. PostgreSQL's stack allows some
// thousands.
inline constexpr int kMaxJsonDepth = 1'000;

// Explains to the caller why PostgreSQL's jsonb does not accept a text. Empty when it does. jsonb
// accepts no \u0000, no unpaired surrogate, and only the numbers that NumericTakes accepts.
std::string JsonFault(std::string text);

// Appends `text` as a JSON string. It must be valid UTF-8.
void AppendJsonString(std::string_view text, std::string& json);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
