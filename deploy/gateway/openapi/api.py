"""The API as its descriptor set describes it: services, REST bindings, allowed callers, comments."""

import dataclasses
import re

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


@dataclasses.dataclass(frozen=True)
class Binding:
    """One REST binding of a method. `body` is `*`, a field's name or empty, as in google.api.http."""

    verb: str
    template: str
    body: str

    def variables(self):
        """Returns the fields in the path. Nested fields have dots."""
        return re.findall(r"\{([^}]+)\}", self.template)


class Api:
    """A file of `protoc --descriptor_set_out --include_imports --include_source_info`."""

    def __init__(self, data):
        files = descriptor_pb2.FileDescriptorSet.FromString(data).file
        self._pool = descriptor_pool.DescriptorPool()
        self._comments = {}
        for file in files:
            self._pool.Add(file)
            self._comments.update(comments_of(file))
        self.services = [self._pool.FindServiceByName(f"{file.package}.{service.name}")
                         for file in files for service in file.service]

    def message(self, name):
        return self._pool.FindMessageTypeByName(name)

    def comment(self, descriptor):
        """Returns the comment above a declaration, one line for each paragraph. For Google's own protos it returns the first sentence."""
        # An enum value has no full_name.
        name = getattr(descriptor, "full_name", None) or f"{descriptor.type.full_name}.{descriptor.name}"
        text = self._comments.get(name, "")
        if name.startswith("google."):
            text = re.sub(r"\[([^\]]+)\]\[[^\]]*\]", r"`\1`", re.split(r"(?<=\.)\s", text)[0])
        return text

    def bindings(self, method):
        """Yields the REST bindings of a method. A method for gRPC only has none."""
        rule = self._option(method, "google.api.http")
        if rule.WhichOneof("pattern") is None:
            return
        for one in [rule, *rule.additional_bindings]:
            verb = one.WhichOneof("pattern")
            binding = Binding(verb, getattr(one, verb), one.body)
            if verb == "custom" or one.response_body or any("=" in name for name in binding.variables()):
                raise ValueError(f"{method.full_name}: this generator does not support this binding: {one}")
            yield binding

    def roles(self, method):
        """Returns the names of the roles that may call the method."""
        access = self._option(method, "vibestack.options.v1.access")
        names = access.DESCRIPTOR.fields_by_name["allow"].enum_type.values_by_number
        return [names[role].name for role in access.allow]

    def behaviors(self, field):
        """Returns the names of google.api.field_behavior, such as REQUIRED."""
        values = self._option(field, "google.api.field_behavior")
        names = self._pool.FindEnumTypeByName("google.api.FieldBehavior").values_by_number
        return {names[value].name for value in values}

    def _option(self, descriptor, name):
        """Returns an extension of a descriptor's options. Python's default pool does not know it, so this parses them with our pool."""
        extension = self._pool.FindExtensionByName(name)
        options = message_factory.GetMessageClass(extension.containing_type)()
        options.ParseFromString(descriptor.GetOptions().SerializeToString())
        return options.Extensions[extension]


# Field numbers of descriptor.proto; the paths of comments consist of them.
_NESTED = {
    descriptor_pb2.FileDescriptorProto: {4: "message_type", 5: "enum_type", 6: "service"},
    descriptor_pb2.DescriptorProto: {2: "field", 3: "nested_type", 4: "enum_type", 8: "oneof_decl"},
    descriptor_pb2.EnumDescriptorProto: {2: "value"},
    descriptor_pb2.ServiceDescriptorProto: {2: "method"},
}


def comments_of(file):
    """Returns {full name: comment} for each commented declaration of a file. An enum value's full name starts with its enum's."""
    comments = {}
    for location in file.source_code_info.location:
        text = paragraphs(location.leading_comments)
        name = name_at(file, location.path) if text else None
        if name:
            comments[name] = text
    return comments


def name_at(file, path):
    """Returns the full name of the declaration at a path of SourceCodeInfo, or None if no named declaration is there."""
    node, names = file, [file.package]
    for number, index in zip(path[::2], path[1::2]):
        attribute = _NESTED.get(type(node), {}).get(number)
        if attribute is None:
            return None
        node = getattr(node, attribute)[index]
        names.append(node.name)
    return ".".join(names) if path and len(path) % 2 == 0 else None


def paragraphs(comment):
    """Joins the lines of each paragraph of a comment. Empty lines and lists stay."""
    lines = [line.strip() for line in comment.strip().splitlines()]
    text = "\n".join(lines)
    return re.sub(r"(?<!\n)\n(?!\n|- )", " ", text)
