"""Paths: one operation for each REST binding of each method."""

import json
import re

import errors
from examples import VALUES
from schemas import REQUEST, RESPONSE, WELL_KNOWN, is_message

# A URL must not contain secrets, because histories and logs keep URLs.
_SECRET = re.compile(r"password|secret")
_CALLERS = {"USER": "signed-in users", "SUPERUSER": "superusers", "SERVICE": "services with a service token",
            "CALLBACK": "runs of pushed workflows with the callback token of the job"}


class Operations:
    def __init__(self, api, schemas, examples):
        self._api = api
        self._schemas = schemas
        self._examples = examples

    def paths(self):
        paths = {}
        for service in self._api.services:
            for method in service.methods:
                for index, binding in enumerate(self._api.bindings(method)):
                    name = method.name if index == 0 else f"{method.name}By{binding.verb.capitalize()}"
                    # {user.id} becomes {id}, so that a path has the same parameter names for all verbs.
                    path = re.sub(r"\{(?:\w+\.)*(\w+)\}", r"{\1}", binding.template)
                    paths.setdefault(path, {})[binding.verb] = self._operation(name, service, method, binding)
        return dict(sorted(paths.items()))

    def _operation(self, name, service, method, binding):
        comment = self._api.comment(method)
        roles = self._api.roles(method)
        public = "PUBLIC" in roles
        callers = "" if public else "\n\nMay be called by " + ", ".join(_CALLERS[role] for role in roles) + "."
        summary = re.split(r"[.:;](?:\s|$)", comment)[0].replace("`", "")
        found = errors.statuses(comment, public, bool(binding.body), bool(binding.variables()))
        operation = {
            "operationId": name, "tags": [service.name], "summary": summary,
            "description": comment + callers, "security": self._security(public, method, binding),
            "parameters": [*self._path_parameters(method, binding), *self._query_parameters(method, binding)],
            "responses": self._answers(method) | errors.references(found),
        }
        if binding.body:
            operation["requestBody"] = self._body(method, binding)
        return operation

    def _security(self, public, method, binding):
        if public:
            return []
        by_query = method.server_streaming and binding.template.endswith(":watch")
        return [{"bearer": []}] + ([{"access_token": []}] if by_query else [])

    def _path_parameters(self, method, binding):
        for variable in binding.variables():
            message = method.input_type
            *parents, last = variable.split(".")
            for parent in parents:
                message = message.fields_by_name[parent].message_type
            yield self._parameter(last, message.fields_by_name[last], "path")

    def _query_parameters(self, method, binding):
        taken = {variable.split(".")[0] for variable in binding.variables()} | {binding.body}
        if binding.body == "*":
            return
        for field in method.input_type.fields:
            if field.name in taken or _SECRET.search(field.name):
                continue
            if is_message(field) and (field.is_repeated or "type" not in WELL_KNOWN.get(field.message_type.full_name, {})):
                raise ValueError(f"{field.full_name}: this generator cannot put this type in a query")
            yield self._parameter(field.name, field, "query")

    def _parameter(self, name, field, place):
        schema = self._schemas.of_field(field, REQUEST, described=False)
        example = self._examples.of_id(field) if place == "path" else self._query_example(field)
        parameter = {"name": name, "in": place, "schema": schema}
        if self._api.comment(field):
            parameter["description"] = self._api.comment(field)
        if place == "path" or "REQUIRED" in self._api.behaviors(field):
            parameter["required"] = True
        return parameter | ({} if example is None else {"example": example})

    def _query_example(self, field):
        return self._examples.of_field(field, REQUEST) if self._examples.is_shown(field) else None

    def _body(self, method, binding):
        message = method.input_type
        if binding.body == "*":
            bound = set(binding.variables())
            schema = self._schemas.of_body(message, bound)
            example = self._examples.of_message(message, REQUEST, bound)
        else:
            message = message.fields_by_name[binding.body].message_type
            schema = self._schemas.of_message(message, REQUEST)
            example = self._examples.of_message(message, REQUEST)
        made = self._schemas.components[schema["$ref"].rsplit("/", 1)[1]]
        return {"required": bool(made.get("required")), "content": {"application/json": {"schema": schema, "example": example}}}

    @staticmethod
    def _sends_events(method):
        """Whether the service itself writes server-sent events, whose data are the messages of another method."""
        return method.server_streaming and method.output_type.full_name == "google.api.HttpBody"

    def _answers(self, method):
        answers = {"200": self._answer(method)}
        if self._sends_events(method) and "204" in self._api.comment(method):
            answers["204"] = {"description": "The event of Last-Event-ID was the last one. EventSource stops.",
                              "headers": {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}}
        return answers

    def _answer(self, method):
        message = method.output_type
        if self._sends_events(method):
            message = method.containing_service.methods_by_name[method.name.removesuffix("Events")].output_type
        schema = self._schemas.of_message(message, RESPONSE)
        example = self._examples.of_message(message, RESPONSE)
        answer = errors.response("OK", schema, example)
        if message.full_name == "google.api.HttpBody":
            answer["description"] = "The stored JSON, unchanged."
        if method.server_streaming:
            answer["description"] = "Server-sent events. The data of each event is one message as JSON, on one line."
            if self._sends_events(method):
                answer["description"] += " If an error ends the stream, its last event is `event: error` with a Status as data."
            answer["content"] = {"text/event-stream": {
                "schema": {"type": "string", "contentMediaType": "text/event-stream", "contentSchema": schema},
                "example": f"data: {json.dumps(example)}\n\n"}}
        return answer
