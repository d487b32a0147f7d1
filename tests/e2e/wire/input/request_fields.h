#ifndef VIBESTACK_TESTS_E2E_WIRE_INPUT_REQUEST_FIELDS_H_
#define VIBESTACK_TESTS_E2E_WIRE_INPUT_REQUEST_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

// The text fields of requests, found in their descriptors, so that a sweep misses none.
namespace vibestack::e2e {

class TextField {
 public:
  explicit TextField(std::vector<const google::protobuf::FieldDescriptor*> path)
      : path_(std::move(path)) {}

  // `requests.workflow_id`.
  std::string name() const;
  // Whether an error that names `field` speaks of it: by its own name, and for a text inside of
  // JSON or of a field mask also by that of the whole, or by a path within.
  bool IsNamedBy(const std::string& field) const;
  bool InJson() const;

  // The bytes of a request that holds this value in this field, valid UTF-8 or not, and else only
  // what must be there for the field to be looked at.
  std::string Request(const std::string& value) const;

 private:
  std::vector<const google::protobuf::FieldDescriptor*> path_;  // from the request inwards
};

std::vector<TextField> TextFieldsOf(const google::protobuf::Descriptor& request);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_WIRE_INPUT_REQUEST_FIELDS_H_
