#ifndef VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_

#include <google/protobuf/struct.pb.h>

#include <string>

namespace vibestack::job_service {

// Converts JSON text to a Value. Returns false, and leaves `value` in an unspecified state, if a
// Value cannot hold the JSON: a number exceeds the range of double, or the nesting exceeds what
// clients can parse. (protobuf parses 100 nested messages; an object takes three and an array two.)
bool JsonToValue(const std::string& json, google::protobuf::Value& value);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_
