"""Makes a call by gRPC or by REST, with comparable answers."""

import dataclasses
import http.client
import json
import re
import urllib.parse

import grpc
from google.api import annotations_pb2
from google.protobuf import json_format, message_factory
from google.rpc import error_details_pb2, status_pb2  # noqa: F401  the details' types

# The HTTP status of each gRPC code (google/rpc/code.proto).
HTTP_STATUS = {
    "OK": 200, "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400, "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "ABORTED": 409, "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499, "UNKNOWN": 500, "INTERNAL": 500, "DATA_LOSS": 500, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


@dataclasses.dataclass
class Answer:
    """An answer: gRPC's code, and as JSON the response or the google.rpc.Status of an error."""

    code: grpc.StatusCode
    body: dict
    http_status: int | None = None


def as_dict(message):
    """Returns a message as the gateway prints it: column names, with defaults. Returns the content of an HttpBody."""
    if message.DESCRIPTOR.full_name == "google.api.HttpBody":
        return json.loads(message.data)
    return json_format.MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def as_message(descriptor, request):
    """Returns a request's message. Its mask has column names, which Python's JSON parser refuses."""
    fields = dict(request)
    mask = fields.pop("update_mask", None)
    message = json_format.ParseDict(fields, message_factory.GetMessageClass(descriptor)())
    if mask is not None:
        message.update_mask.paths.extend(mask.split(","))
    return message


class Grpc:
    """Calls the services' own ports, by descriptor."""

    def __init__(self, channels):
        self._channels = channels

    def call(self, method, request, token=None):
        """Makes a unary call, or reads a server stream to its end (then `body` is the list of its messages)."""
        metadata = [("authorization", f"Bearer {token}")] if token else []
        channel = self._channels[method.containing_service.name]
        message = as_message(method.input_type, request)
        path = f"/{method.containing_service.full_name}/{method.name}"
        factory = channel.unary_stream if method.server_streaming else channel.unary_unary
        stub = factory(path, request_serializer=lambda m: m.SerializeToString(),
                       response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        try:
            response = stub(message, metadata=metadata, timeout=30)
            body = self._messages(response) if method.server_streaming else as_dict(response)
            return Answer(grpc.StatusCode.OK, body)
        except grpc.RpcError as error:
            return Answer(error.code(), self._status(error))

    @staticmethod
    def _messages(responses):
        """The messages of a stream, or the data of its server-sent events."""
        responses = list(responses)
        if responses and responses[0].DESCRIPTOR.full_name == "google.api.HttpBody":
            return list(events(b"".join(one.data for one in responses)))
        return [as_dict(one) for one in responses]

    @staticmethod
    def _status(error):
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                return as_dict(status_pb2.Status.FromString(value))
        return {"code": error.code().value[0], "message": error.details(), "details": []}


def has_rest(method):
    """Whether the method has a google.api.http option. Streams with a form for REST of their own have none."""
    return method.GetOptions().HasExtension(annotations_pb2.http)


def binding(method):
    """Returns the verb, path and body of the method's google.api.http option."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    return verb.upper(), getattr(rule, verb), rule.body


def take(request, path):
    """Removes the field at a dotted path from the request and returns its value."""
    *parents, last = path.split(".")
    for parent in parents:
        request = request.get(parent, {})
    return request.pop(last, "")


def query_of(request, prefix=""):
    """Returns the fields of a request as query parameters."""
    pairs = []
    for name, value in request.items():
        if isinstance(value, dict):
            pairs += query_of(value, f"{prefix}{name}.")
        else:
            for one in value if isinstance(value, list) else [value]:
                pairs.append((prefix + name, str(one).lower() if isinstance(one, bool) else str(one)))
    return pairs


def http_request(method, request):
    """Returns (verb, path with query, body or None) of a call, derived from the option alone."""
    verb, path, body_field = binding(method)
    rest = json.loads(json.dumps(request))
    path = re.sub(r"\{([\w.]+)\}", lambda field: urllib.parse.quote(str(take(rest, field[1])), safe=""), path)
    body = None
    if body_field == "*":
        body, rest = rest, {}
    elif body_field:
        body = rest.pop(body_field, {})
    query = urllib.parse.urlencode(query_of(rest))
    return verb, path + (f"?{query}" if query else ""), body


class Rest:
    """Calls through the gateway."""

    def __init__(self, host, port, tls=None):
        """`tls` is the ssl.SSLContext of https."""
        self._address = (host, port)
        self._tls = tls

    def raw(self, verb, path, body=None, headers=None, timeout=30):
        """Sends a request unchanged; returns (status, headers, bytes)."""
        connection = http.client.HTTPConnection(*self._address, timeout=timeout) if self._tls is None else \
            http.client.HTTPSConnection(*self._address, timeout=timeout, context=self._tls)
        try:
            connection.request(verb, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def call(self, method, request, token=None):
        verb, path, body = http_request(method, request)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(body)
        status, _, text = self.raw(verb, path, body, headers)
        parsed = json.loads(text) if not method.server_streaming or status != 200 else list(events(text))
        code = grpc.StatusCode.OK if status == 200 else code_of(parsed)
        return Answer(code, parsed, status)


def events(text):
    """The messages of a server-sent event stream."""
    for line in text.decode().split("\n"):
        if line.startswith("data: "):
            yield json.loads(line[6:])


def code_of(status):
    return next(code for code in grpc.StatusCode if code.value[0] == status["code"])
