"""The OpenAPI document matches the gateway: every path, and every real answer."""

import datetime
import json
import re
import unittest
import urllib.parse
import uuid

import jsonschema
from google.api import annotations_pb2

from tests.e2e.wire.gateway.calls import events, has_rest, http_request
from tests.e2e.wire.gateway.rows import ROWS
from tests.e2e.wire.gateway.world import BUILD_DIR, METHODS, World
from vibestack.options.v1 import access_pb2

FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value):
    return not isinstance(value, str) or bool(value.endswith("Z") and datetime.datetime.fromisoformat(value))


def roles(method):
    allowed = method.GetOptions().Extensions[access_pb2.access].allow
    return {access_pb2.Role.Name(role) for role in allowed}


def bindings(method):
    """Returns (verb, path) of every REST binding. A nested variable has the name of its last part."""
    if not has_rest(method):
        return
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    for one in [rule, *rule.additional_bindings]:
        verb = one.WhichOneof("pattern")
        yield verb, re.sub(r"\{(?:\w+\.)*(\w+)\}", r"{\1}", getattr(one, verb))


def closed(schema):
    """Returns the schema without additional properties, so that a field missing from the document fails the test."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(one) for name, one in schema.items()}
    return made | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {})


class OpenApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        _, _, text = cls.world.rest.raw("GET", "/openapi.json")
        cls.document = json.loads(text)
        cls.components = {"schemas": closed(cls.document["components"]["schemas"])}
        cls.operations = {operation["operationId"]: (verb, path, operation)
                          for path, item in cls.document["paths"].items() for verb, operation in item.items()}

    def check(self, value, schema):
        jsonschema.Draft202012Validator({**closed(schema), "components": self.components}, format_checker=FORMATS).validate(value)

    def check_answer(self, operation, status, headers, text):
        """Checks that the operation documents the answer's status, and that its type and schema match."""
        response = operation["responses"].get(str(status))
        self.assertIsNotNone(response, f"{operation['operationId']} does not document {status}: {text}")
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        self.assertEqual([headers["content-type"]], list(response["content"]))
        self.assertTrue(headers["x-request-id"])
        content = response["content"][headers["content-type"]]
        if headers["content-type"] == "text/event-stream":
            for event in events(text):
                self.check(event, content["schema"]["contentSchema"])
        else:
            self.check(json.loads(text), content["schema"])

    def token_for(self, method):
        allowed = roles(method)
        if "PUBLIC" in allowed:
            return None
        if "USER" in allowed:  # the examples are meant for a signed-in user
            return self.world.person().token
        return self.world.worker if "SERVICE" in allowed else self.world.superuser.token

    def send(self, verb, path, body, token):
        headers = ({"authorization": f"Bearer {token}"} if token else {}) | {"content-type": "application/json"}
        return self.world.rest.raw(verb.upper(), path, None if body is None else json.dumps(body), headers)

    def example_of(self, name):
        """Returns (verb, path, body) of an operation, built from its examples alone. Where the reader must choose an id, it is a new one."""
        verb, path, operation = self.operations[name]
        given = {(one["in"], one["name"]): one["example"] for one in operation["parameters"] if "example" in one}
        path = re.sub(r"\{(\w+)\}", lambda variable: given.get(("path", variable[1]), str(uuid.uuid4())), path)
        query = {name: json.dumps(value).strip('"') for (place, name), value in given.items() if place == "query"}
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        return verb, path + (f"?{urllib.parse.urlencode(query)}" if query else ""), body

    def test_every_binding_of_every_method_has_an_operation_and_nothing_else_has(self):
        bound = {(verb, path): name for name, method in METHODS.items() for verb, path in bindings(method)}
        documented = {(verb, path): name for name, (verb, path, _) in self.operations.items()}
        self.assertEqual(set(documented), set(bound))
        for where, name in documented.items():
            self.assertEqual(name.split("By" + where[0].capitalize())[0], bound[where])

    def test_every_field_of_a_request_has_its_place(self):
        for name, (_, _, operation) in self.operations.items():
            with self.subTest(name):
                fields = {field.name for field in METHODS[name.removesuffix("ByPost")].input_type.fields}
                documented = {one["name"] for one in operation["parameters"]}
                body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
                if body:
                    documented |= set(self.components["schemas"][body["$ref"].rsplit("/", 1)[1]]["properties"])
                if name == "UpdateUser":  # its body is the user alone; a password has no place in a URL
                    fields = fields - {"user", "current_password"} | {"id", *self.components["schemas"]["UserInput"]["properties"]}
                elif name == "UpdateUserByPost":
                    fields.add("id")
                self.assertEqual(documented, fields)

    def test_exactly_the_public_methods_are_documented_as_public_and_need_no_token(self):
        for name, method in METHODS.items():
            if not has_rest(method):
                continue
            with self.subTest(name):
                verb, path, body = self.example_of(name)
                status, _, text = self.send(verb, path, body, None)
                refused = status == 401 and json.loads(text)["details"][0]["reason"] == "TOKEN_MISSING"
                self.assertEqual(refused, "PUBLIC" not in roles(method), text)
                self.assertEqual(bool(self.operations[name][2]["security"]), refused)

    def test_every_operation_takes_the_request_of_its_examples(self):
        self.world.must("CreateJob", {"workflow_id": "summary"}, self.world.person().token)  # so that a claim need not wait
        for name in self.operations:  # in the document's order, so that every run sends the same
            if name == "WatchJobsEvents":  # it never ends
                continue
            with self.subTest(name):
                method = METHODS[name.removesuffix("ByPost")]
                status, headers, text = self.send(*self.example_of(name), self.token_for(method))
                self.check_answer(self.operations[name][2], status, headers, text)
                if status != 200:
                    self.assertNotIn(json.loads(text)["details"][0]["reason"],
                                     ("PATH_UNKNOWN", "REQUEST_MALFORMED", "INVALID_FIELDS", "ROLE_REQUIRED"), text)

    def test_answers_good_and_bad_are_as_the_document_says(self):
        for row in ROWS:
            with self.subTest(f"{row.method}: {row.about}"):
                request, token = row.make(self.world)
                verb, path, body = http_request(METHODS[row.method], request)
                operation = self.operations[row.method][2]
                self.check_answer(operation, *self.send(verb, path, body, token))
                if row.code == "OK":
                    names = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
                    self.assertLessEqual(set(urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)), names)
                    if body is not None:
                        self.check(body, operation["requestBody"]["content"]["application/json"]["schema"])

    def test_errors_of_the_gateway_itself_are_as_the_document_says(self):
        for body, token in (({"workflow_id": 7}, self.world.worker), ({"workflow_id": "a"}, "forged"),
                            ({"workflow_id": "a" * 4_200_000}, self.world.worker)):
            self.check_answer(self.operations["CreateJob"][2], *self.send("POST", "/v1/jobs", body, token))

    def test_a_rate_limited_caller_gets_retry_after_as_the_document_says(self):
        wrong = {"email": self.world.person().email, "password": "wrong horse"}
        for _ in range(11):
            status, headers, text = self.send("POST", "/v1/auth/login", wrong, None)
            self.check_answer(self.operations["Login"][2], status, headers, text)
        self.assertEqual((status, "RetryInfo" in text.decode()), (429, True))

    def test_the_document_is_the_one_of_this_build_and_needs_no_token(self):
        built = (BUILD_DIR / "gateway" / "docs" / "openapi.json").read_bytes()
        for headers in ({}, {"authorization": "Bearer forged"}):
            status, answered, text = self.world.rest.raw("GET", "/openapi.json", headers=headers)
            self.assertEqual((status, answered["content-type"], text), (200, "application/json", built))

    def test_the_page_is_whole_and_takes_nothing_from_elsewhere(self):
        status, headers, text = self.world.rest.raw("GET", "/docs")
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("default-src 'none'; script-src 'self';", headers["content-security-policy"])
        parts = re.findall(r'(?:src|href)="([^"]+)"', text.decode())
        self.assertGreater(len(parts), 3)
        for part in parts:
            status, headers, text = self.world.rest.raw("GET", urllib.parse.urljoin("/docs", part))
            self.assertEqual(status, 200, part)
            self.assertTrue(text)
            kind = {"css": "text/css", "js": "text/javascript", "png": "image/png", "json": "application/json"}
            self.assertEqual(headers["content-type"].split(";")[0], kind[part.rsplit(".", 1)[1]])
        self.assertEqual(self.world.rest.raw("POST", "/docs")[0], 404)


if __name__ == "__main__":
    unittest.main()
