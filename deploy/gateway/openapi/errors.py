"""The errors of a method, and their format."""

import re

# The name of a google.rpc.Code: its number and its HTTP status (google/rpc/code.proto).
CODES = {
    "INVALID_ARGUMENT": (3, 400), "FAILED_PRECONDITION": (9, 400), "UNAUTHENTICATED": (16, 401),
    "PERMISSION_DENIED": (7, 403), "NOT_FOUND": (5, 404), "ALREADY_EXISTS": (6, 409), "ABORTED": (10, 409),
    "RESOURCE_EXHAUSTED": (8, 429), "INTERNAL": (13, 500), "UNAVAILABLE": (14, 503), "DEADLINE_EXCEEDED": (4, 504),
}


def _status(code, message, reason, *more):
    return {"code": CODES[code][0], "message": message,
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "vibestack",
                         "metadata": {}}, *more]}


_RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retry_delay": "1s"}

# HTTP status: (name of the component, what it means, an example).
RESPONSES = {
    400: ("Invalid", "INVALID_ARGUMENT: the request is malformed or has invalid fields, which the details list. "
          "FAILED_PRECONDITION: the resource is not in a state that allows the call.",
          _status("INVALID_ARGUMENT", "workflow_id: is required", "INVALID_FIELDS",
                  {"@type": "type.googleapis.com/google.rpc.BadRequest", "field_violations": [
                      {"field": "workflow_id", "description": "is required", "reason": ""}]})),
    401: ("Unauthenticated", "UNAUTHENTICATED: the token is missing, invalid or expired.",
          _status("UNAUTHENTICATED", "the token has expired", "TOKEN_EXPIRED")),
    403: ("Denied", "PERMISSION_DENIED: the caller may not do this.",
          _status("PERMISSION_DENIED", "this method needs a service or superuser token", "ROLE_REQUIRED")),
    404: ("NotFound", "NOT_FOUND: the resource does not exist.",
          _status("NOT_FOUND", "there is no such job", "JOB_NOT_FOUND",
                  {"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resource_type": "vibestack/job",
                   "resource_name": "3de4d144-91a2-4c97-9b67-f674bf286638", "owner": "", "description": ""})),
    409: ("Conflict", "ALREADY_EXISTS or ABORTED: the call conflicts with the resource's state or with a concurrent call.",
          _status("ABORTED", "the lease token is not the current one", "LEASE_LOST")),
    413: ("TooLarge", "INVALID_ARGUMENT: the body is larger than 4 MiB.",
          _status("INVALID_ARGUMENT", "the body is larger than 4 MiB", "REQUEST_TOO_LARGE")),
    429: ("Exhausted", "RESOURCE_EXHAUSTED: too many calls at once, or too many attempts. Try again after `retry_delay`.",
          _status("RESOURCE_EXHAUSTED", "too many attempts; try again later", "TOO_MANY_ATTEMPTS", _RETRY)),
    500: ("Internal", "INTERNAL: a bug of the service.",
          _status("INTERNAL", "internal error", "INTERNAL")),
    503: ("Unavailable", "UNAVAILABLE: try again after `retry_delay`. The result of a write is unknown.",
          _status("UNAVAILABLE", "the service is not reachable; try again", "GATEWAY_UPSTREAM_UNAVAILABLE", _RETRY)),
    504: ("Late", "DEADLINE_EXCEEDED: the service did not answer in time. The result of a write is unknown.",
          _status("DEADLINE_EXCEEDED", "the service did not answer in time", "DEADLINE_EXCEEDED")),
}


def statuses(comment, is_public, has_body, names_resource):
    """Returns the HTTP statuses of a method's errors: those of all methods, and those that its comment names.

    The comment's text from "Each item" on is about items of the answer, not about errors of the call.
    """
    words = re.findall(r"[A-Z_]{5,}", comment.split("Each item")[0])
    found = {400, 429, 500, 503, 504} | {CODES[word][1] for word in words if word in CODES}
    if not is_public:
        found |= {401, 403}
    if has_body:
        found.add(413)
    if names_resource:
        found.add(404)
    return sorted(found)


def references(found):
    """Returns the responses of an operation for these statuses, and the default response."""
    responses = {str(status): {"$ref": f"#/components/responses/{RESPONSES[status][0]}"} for status in found}
    return responses | {"default": {"$ref": "#/components/responses/Error"}}


def components(status_schema):
    """Returns the components that `references` refers to."""
    made = {name: response(about, status_schema, example) for name, about, example in RESPONSES.values()}
    return made | {"Error": response("Any other error.", status_schema, RESPONSES[500][2])}


def response(about, schema, example):
    return {"description": about, "headers": {"x-request-id": {"$ref": "#/components/headers/x-request-id"}},
            "content": {"application/json": {"schema": schema, "example": example}}}
