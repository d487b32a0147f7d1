#ifndef VIBESTACK_TESTS_E2E_WIRE_INPUT_REQUEST_FIELDS_H_
#define VIBESTACK_TESTS_E2E_WIRE_INPUT_REQUEST_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

// Finds the text fields of all requests by their descriptors, so that a test misses none.
namespace vibestack::e2e {

class TextField {
 public:
  explicit TextField(std::vector<const google::protobuf::FieldDescriptor*> path)
      : path_(std::move(path)) {}

  // `requests.workflow_id`.
  std::string name() const;
  // Whether `field` in an error means this field. For a text inside JSON or a field mask, `field`
  // may also be the name of the whole field, or a path inside it.
  bool IsNamedBy(const std::string& field) const;
  bool InJson() const;

  // The bytes of a request with this value, which need not be UTF-8, in this field. Other fields
  // are set only if the service would otherwise not check this one.
  std::string Request(const std::string& value) const;

 private:
  std::vector<const google::protobuf::FieldDescriptor*> path_;  // from the request inwards
};

std::vector<TextField> TextFieldsOf(const google::protobuf::Descriptor& request);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_WIRE_INPUT_REQUEST_FIELDS_H_
