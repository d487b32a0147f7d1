#ifndef VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_

#include <google/protobuf/struct.pb.h>

#include <string>

namespace vibestack::job_service {

// Reads JSON into a Value. Returns false, with `value` in any state, when a Value cannot hold the
// JSON: its nesting exceeds what receivers can parse (protobuf allows 100 messages; an object takes
// three and an array two), or a number exceeds the range of double (1e400).
bool JsonToValue(const std::string& json, google::protobuf::Value& value);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_
