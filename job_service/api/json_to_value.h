#ifndef VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_

#include <google/protobuf/struct.pb.h>

#include <string>

namespace vibestack::job_service {

// Reads JSON into a Value. False, with `value` in any state, where a Value cannot hold it: it nests
// so deep that a receiver could not parse the message (protobuf's limit of 100 messages, of which
// an object takes three and an array two), or a number is beyond any double (1e400).
bool JsonToValue(const std::string& json, google::protobuf::Value& value);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_TO_VALUE_H_
