"""JSON Schemas of messages, as the gateway's transcoder takes and prints them."""

from google.protobuf.descriptor import FieldDescriptor

REQUEST, RESPONSE = "request", "response"

# Messages with a JSON format of their own.
WELL_KNOWN = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Value": {},
    "google.api.HttpBody": {},
}
_INT64 = {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
_SCALARS = {
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.CPPTYPE_UINT32: {"type": "integer", "minimum": 0},
    FieldDescriptor.CPPTYPE_INT64: _INT64,
    FieldDescriptor.CPPTYPE_UINT64: _INT64,
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number"},
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
}
# The possible details of an error. Each has its "@type".
DETAILS = ("ErrorInfo", "BadRequest", "RetryInfo", "ResourceInfo")


def component_name(descriptor):
    """`Job.Status` becomes `JobStatus`."""
    return descriptor.full_name.removeprefix(descriptor.file.package + ".").replace(".", "")


def is_message(field):
    return field.type == FieldDescriptor.TYPE_MESSAGE


def is_map(field):
    return is_message(field) and field.message_type.GetOptions().map_entry


def fields_of(api, message, role):
    """Returns the fields that JSON of this role may contain."""
    return [field for field in message.fields if role == RESPONSE or "OUTPUT_ONLY" not in api.behaviors(field)]


class Schemas:
    """Makes schemas and collects the named ones under `components`."""

    def __init__(self, api):
        self._api = api
        self.components = {}
        self._in_both = self._reached(REQUEST) & self._reached(RESPONSE)

    def of_message(self, message, role):
        """Returns a reference to the message's schema. For a message with its own JSON format it returns the schema itself."""
        if message.full_name in WELL_KNOWN:
            return dict(WELL_KNOWN[message.full_name])
        name = component_name(message)
        if role == REQUEST and message.full_name in self._in_both:
            name += "Input"
        return self._component(name, lambda: self._object(message, role))

    def of_body(self, message, bound):
        """Returns the schema of a request as a body, without the fields that are bound to the path."""
        if not bound & {field.name for field in message.fields}:
            return self.of_message(message, REQUEST)
        name = component_name(message).removesuffix("Request") + "Body"
        return self._component(name, lambda: self._object(message, REQUEST, bound))

    def of_field(self, field, role, described=True):
        if is_map(field):
            value = self.of_field(field.message_type.fields_by_name["value"], role, described=False)
            schema = {"type": "object", "additionalProperties": value}
        elif field.is_repeated:
            schema = {"type": "array", "items": self._of_value(field, role)}
        else:
            schema = self._of_value(field, role)
        comment = self._api.comment(field) if described else ""
        return schema | ({"description": comment} if comment else {})

    def of_error(self):
        """Returns the schema of google.rpc.Status as the gateway prints it, with the details that the services attach."""
        return self.of_message(self._api.message("google.rpc.Status"), RESPONSE)

    def _of_value(self, field, role):
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            return self._component(component_name(field.enum_type), lambda: self._enum(field.enum_type))
        if not is_message(field):
            return dict(_SCALARS[field.cpp_type])
        if field.message_type.full_name == "google.protobuf.Any":
            return self._component("ErrorDetail", self._detail)
        return self.of_message(field.message_type, role)

    def _detail(self):
        references = {f"type.googleapis.com/google.rpc.{name}": self._marked(name) for name in DETAILS}
        return {"oneOf": list(references.values()),
                "discriminator": {"propertyName": "@type",
                                  "mapping": {marker: reference["$ref"] for marker, reference in references.items()}}}

    def _marked(self, name):
        def build():
            schema = self._object(self._api.message(f"google.rpc.{name}"), RESPONSE)
            marker = {"type": "string", "const": f"type.googleapis.com/google.rpc.{name}"}
            # The gateway's own errors leave an empty map out.
            there = [field for field in schema.get("required", []) if "additionalProperties" not in schema["properties"][field]]
            return schema | {"properties": {"@type": marker, **schema["properties"]}, "required": ["@type", *there]}
        return self._component(name, build)

    def _object(self, message, role, without=frozenset()):
        fields = [field for field in fields_of(self._api, message, role) if field.name not in without]
        schema = {"type": "object", "properties": {field.name: self.of_field(field, role) for field in fields}}
        required = [field.name for field in fields if self._is_always_there(field, role)]
        choices = [oneof for oneof in message.oneofs if not oneof.name.startswith("_")]
        comments = [self._api.comment(message), *(self._choice(oneof) for oneof in choices)]
        if any(comments):
            schema["description"] = "\n\n".join(filter(None, comments))
        return schema | ({"required": required} if required else {})

    def _choice(self, oneof):
        names = " and ".join(f"`{field.name}`" for field in oneof.fields)
        return f"At most one of {names}. {self._api.comment(oneof)}".strip()

    def _is_always_there(self, field, role):
        if role == REQUEST:
            return "REQUIRED" in self._api.behaviors(field)
        return field.is_repeated or not field.has_presence  # the gateway prints defaults

    def _enum(self, enum):
        values = [value for value in enum.values if value.number != 0]  # 0 stands for "not set"
        lines = [f"- `{value.name}`: {self._api.comment(value)}".removesuffix(": ") for value in values]
        return {"type": "string", "enum": [value.name for value in values],
                "description": "\n\n".join(filter(None, [self._api.comment(enum), "\n".join(lines)]))}

    def _component(self, name, build):
        if name not in self.components:
            self.components[name] = None  # a message may contain itself
            self.components[name] = build()
        return {"$ref": f"#/components/schemas/{name}"}

    def _reached(self, role):
        """Returns the full names of all messages that requests or responses (`role`) contain."""
        methods = [method for service in self._api.services for method in service.methods]
        waiting = [method.input_type if role == REQUEST else method.output_type for method in methods]
        reached = set()
        while waiting:
            message = waiting.pop()
            if message.full_name not in reached and message.full_name not in WELL_KNOWN:
                reached.add(message.full_name)
                waiting += [field.message_type for field in fields_of(self._api, message, role) if is_message(field)]
        return reached
