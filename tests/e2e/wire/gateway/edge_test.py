"""The gateway's own behaviour: refusals, forwarded headers, hidden paths, the log."""

import base64
import concurrent.futures
import contextlib
import http.client
import json
import socket
import struct
import time
import unittest

from tests.e2e.wire.gateway.world import World, auth_service_pb2
from tests.support.tokens import signed_anew
from tests.support.waiting import eventually

ORIGIN = "https://app.example.org"
JSON = {"content-type": "application/json"}


class EdgeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(GATEWAY_CORS_ORIGINS=r"https://app\.example\.org")
        cls.addClassCleanup(cls.world.close)
        cls.person = cls.world.person()

    def ask(self, verb, path, body=None, **headers):
        """Makes a call with the person's token; returns (status, google.rpc.Status or body)."""
        headers = {"authorization": f"Bearer {self.person.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        status, _, text = self.world.rest.raw(verb, path, body, headers)
        return status, json.loads(text)

    @staticmethod
    def refused_at_the_wall(world, request_id):
        """Returns whether the gateway's log says that no service saw the request."""
        log = world.up.place / "log" / "gateway.log"

        def lines():
            return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if f'"{request_id}"' in line]

        eventually(lines)
        return all(line["details"].startswith("jwt_authn") for line in lines())

    def assert_refused(self, answer, status, reason):
        self.assertEqual(answer[0], status, answer)
        self.assertEqual([detail.get("reason") for detail in answer[1]["details"]][:1], [reason], answer)
        self.assertTrue(answer[1]["message"], answer)

    def test_bodies_that_are_no_request_get_400_and_say_why(self):
        for body, word in ((b'{"workflow_id":', "end of string"), (b'{"workflow_id": 7}', "workflow_id"), (b"[]", ""),
                           (b'{"workflow_id": {"a": 1}}', ""), (b"\xff\xfe", ""), (b'{"workflow_id": "\xff"}', ""),
                           (b"{" * 20_000, ""), (b'{"workflow_id": ' + b"[" * 20_000, "")):
            with self.subTest(body[:30]):
                answer = self.ask("POST", "/v1/jobs", body, content_type="application/json")
                self.assertEqual(answer[0], 400, answer)
                self.assertIn(answer[1]["details"][0]["reason"], ("REQUEST_MALFORMED", "INVALID_FIELDS"))
                self.assertTrue(answer[1]["message"], answer)
                self.assertIn(word, answer[1]["message"])

    def test_a_missing_body_misses_its_fields(self):
        for body in (None, b"", b"{}", b"null"):
            with self.subTest(body):
                status, said = self.ask("POST", "/v1/jobs", body, content_type="application/json")
                self.assertEqual(status, 400, said)

    def test_bodies_of_another_type_than_json_get_415(self):
        for kind in ("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
                     "application/octet-stream", "application/jsonp", "json", "*/*"):
            with self.subTest(kind):
                self.assert_refused(self.ask("POST", "/v1/jobs", b'{"workflow_id": "typed"}', content_type=kind), 415, "CONTENT_TYPE_UNKNOWN")
        for kind in ("application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json", None):
            with self.subTest(kind):
                headers = {} if kind is None else {"content_type": kind}
                self.assertEqual(self.ask("POST", "/v1/jobs", b'{"workflow_id": "typed"}', **headers)[0], 200)

    def test_a_body_beyond_the_limit_gets_413(self):
        answer = self.ask("POST", "/v1/jobs", json.dumps({"workflow_id": "a" * 4_200_000}), content_type="application/json")
        self.assert_refused(answer, 413, "REQUEST_TOO_LARGE")

    def test_a_body_of_5_mib_gets_413_while_it_is_still_sent(self):
        body = json.dumps({"workflow_id": "a" * 5 * 1024 * 1024}).encode()
        chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[i:i + 65536] for i in range(0, len(body), 65536)))
        for framing, sent in ((f"content-length: {len(body)}", body), ("transfer-encoding: chunked", chunked + b"0\r\n\r\n")):
            with self.subTest(framing), socket.create_connection(("127.0.0.1", self.world.up.ports["GATEWAY_PORT"]), 30) as connection:
                head = (f"POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {self.person.token}\r\n"
                        f"content-type: application/json\r\n{framing}\r\n\r\n")
                with contextlib.suppress(ConnectionError):  # The answer comes first, then the connection ends.
                    connection.sendall(head.encode() + sent)
                response = http.client.HTTPResponse(connection)
                response.begin()
                self.assert_refused((response.status, json.loads(response.read())), 413, "REQUEST_TOO_LARGE")

    def test_results_may_be_nested_and_are_refused_beyond_what_is_stored(self):
        for depth, expected in ((40, 200), (101, 400), (1_000, 400), (20_000, 400)):
            with self.subTest(depth):
                job = self.world.must("CreateJob", {"workflow_id": "nested"}, self.person.token)["id"]
                claimed = self.world.must("ClaimJobs", {"workflow_ids": ["nested"]}, self.world.worker)["jobs"][0]
                self.assertEqual(claimed["job"]["id"], job)
                body = f'{{"lease_token": "{claimed["lease_token"]}", "result_payload": {"[" * depth}{"]" * depth}}}'
                status, _, text = self.world.rest.raw("POST", f"/v1/jobs/{job}:complete", body, JSON | {
                    "authorization": f"Bearer {self.world.worker}"})
                self.assertEqual(status, expected, text)
                self.assertTrue(expected == 200 or json.loads(text)["message"], text)
                if expected != 200:
                    self.world.must("FailJob", {"id": job, "lease_token": claimed["lease_token"], "code": "DEEP"}, self.world.worker)
        self.assertEqual(self.ask("GET", "/v1/users/me")[0], 200)

    def test_an_input_comes_back_as_it_was_given(self):
        for given in ("null", "{}", "[]", '""', "false", "0.5", '{"vibestack_job": 1, "input": 2, "attempts": 9}',
                      f'{{"deep": {"[" * 40}{"]" * 40}}}'):
            with self.subTest(given):
                status, job = self.ask("POST", "/v1/jobs", f'{{"workflow_id": "given", "input": {given}}}', content_type="application/json")
                self.assertEqual(status, 200, job)
                self.assertEqual(self.ask("GET", f"/v1/jobs/{job['id']}")[1]["input"], json.loads(given))
        exact = '{"big": [9007199254740993, 1.10, 123456789012345678901234567890]}'
        _, job = self.ask("POST", "/v1/jobs", json.dumps({"workflow_id": "given", "input_json": exact}), content_type="application/json")
        self.assertEqual(self.ask("GET", f"/v1/jobs/{job['id']}?view=EXACT")[1]["input_json"], exact)

    def test_misspelt_fields_change_nothing(self):
        status, user = self.ask("PATCH", "/v1/users/me", b'{"fullname": "Ada"}', content_type="application/json")
        self.assertEqual(status, 200)
        self.assertNotIn("full_name", user)

    def test_paths_that_are_not_served_get_404(self):
        for verb, path in (("GET", "/"), ("GET", "/v1/nothing"), ("GET", "/v1/jobs/"), ("PUT", "/v1/jobs"),
                           ("DELETE", "/v1/users/"), ("POST", "/v1/jobs:nonsense"), ("GET", "/v2/jobs")):
            with self.subTest(f"{verb} {path}"):
                self.assert_refused(self.ask(verb, path), 404, "PATH_UNKNOWN")

    def test_ids_in_paths_may_be_percent_encoded_and_are_checked(self):
        encoded = self.person.id.replace("-", "%2D")
        self.assertEqual(self.ask("GET", f"/v1/users/{encoded}")[1]["id"], self.person.id)
        for path in ("/v1/jobs/a%2Fb", "/v1/jobs/%00", "/v1/jobs/%ff", "/v1/jobs/..%2f..", "/v1/users/%25"):
            with self.subTest(path):
                status, said = self.ask("GET", path)
                self.assertIn(status, (400, 403, 404), said)
                self.assertTrue(said["message"])

    def test_unknown_query_parameters_and_bad_values_get_400(self):
        for query, word in (("nonsense=1", "nonsense"), ("page_size=abc", "page_size"), ("status=nonsense", "status"),
                            ("created_after=yesterday", "created_after")):
            with self.subTest(query):
                answer = self.ask("GET", f"/v1/jobs?user_id=me&{query}")
                self.assert_refused(answer, 400, "REQUEST_MALFORMED")
                self.assertIn(word, answer[1]["message"])

    def test_a_result_keeps_its_last_digit_over_rest(self):
        job = self.world.must("CreateJob", {"workflow_id": "digits"}, self.person.token)["id"]
        claimed = self.world.must("ClaimJobs", {"workflow_ids": ["digits"]}, self.world.worker)["jobs"][0]
        result = '{"big": [9007199254740993, 1.10, 123456789012345678901234567890]}'
        self.world.must("CompleteJob", {"id": job, "lease_token": claimed["lease_token"], "result_json": result}, self.world.worker)
        status, headers, text = self.world.rest.raw("GET", f"/v1/jobs/{job}/result", headers={"authorization": f"Bearer {self.person.token}"})
        self.assertEqual((status, headers["content-type"], text.decode()), (200, "application/json", result))

    def test_enums_in_bodies_are_checked(self):
        for view, word in (('"NONSENSE"', "view"), ("99.5", "view"), ("{}", "view"), ("[1]", "not repeating")):
            with self.subTest(view):
                body = f'{{"ids": ["{self.person.id}"], "view": {view}}}'.encode()
                answer = self.ask("POST", "/v1/jobs:batchGet", body, content_type="application/json")
                self.assert_refused(answer, 400, "REQUEST_MALFORMED")
                self.assertIn(word, answer[1]["message"])

    def test_enums_are_taken_in_any_case(self):
        for status in ("pending", "PENDING", "Pending"):
            self.assertEqual(self.ask("GET", f"/v1/jobs?user_id=me&status={status}")[0], 200)

    def test_forged_tokens_end_at_the_gateway_and_expired_ones_say_so(self):
        parts = self.person.token.split(".")
        forged = ".".join((parts[0], parts[1], parts[2][::-1]))
        for token in (forged, "a.b.c", "x"):
            with self.subTest(token[:10]):
                name = f"forged-{token[-5:]}"
                self.assert_refused(self.ask("GET", "/v1/jobs", authorization=f"Bearer {token}", x_request_id=name), 401, "TOKEN_INVALID")
                self.assertTrue(self.refused_at_the_wall(self.world, name))

    def test_the_gateway_refuses_expired_and_wrong_tokens_with_different_reasons(self):
        now = int(time.time())
        for expires, status in ((now + 600, 200), (now - 600, 401)):
            token = signed_anew(self.person.token, self.world.up.place / "keys", iat=now - 1200, exp=expires)
            answer = self.ask("GET", "/v1/users/me", authorization=f"Bearer {token}", x_request_id=f"expires-{expires}")
            self.assertEqual(answer[0], status, answer)
        self.assert_refused(answer, 401, "TOKEN_EXPIRED")
        self.assertTrue(self.refused_at_the_wall(self.world, f"expires-{now - 600}"))

    def test_a_stale_token_does_not_hinder_signing_in(self):
        status, _, text = self.world.rest.raw(
            "POST", "/v1/auth/refresh", json.dumps({"refresh_token": self.person.refresh_token}),
            JSON | {"authorization": "Bearer a.b.c"})
        self.assertEqual(status, 200, text)

    def test_only_the_configured_origins_may_call_from_a_browser(self):
        asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
        status, headers, _ = self.world.rest.raw("OPTIONS", "/v1/jobs", headers=asked)
        self.assertEqual((status, headers["access-control-allow-origin"]), (200, ORIGIN))
        self.assertIn("authorization", headers["access-control-allow-headers"])
        for origin in ("https://evil.example.org", "https://app.example.org.evil.net", "null"):
            with self.subTest(origin):
                _, headers, _ = self.world.rest.raw("GET", "/.well-known/jwks.json", headers={"origin": origin})
                self.assertIsNone(headers["access-control-allow-origin"])

    def test_grpc_web_is_served(self):
        frame = struct.pack(">BI", 0, 0)
        status, headers, body = self.world.rest.raw(
            "POST", "/vibestack.user.v1.AuthService/GetJwks", base64.b64encode(frame),
            {"content-type": "application/grpc-web-text+proto", "accept": "application/grpc-web-text+proto", "x-grpc-web": "1"})
        self.assertEqual((status, headers["content-type"]), (200, "application/grpc-web-text+proto"))
        frame = base64.b64decode(body[:len(body) // 4 * 4])
        length = struct.unpack(">BI", frame[:5])[1]
        self.assertTrue(auth_service_pb2.Jwks.FromString(frame[5:5 + length]).keys[0].kid)

    def test_grpc_web_is_refused_in_its_own_form(self):
        status, headers, body = self.world.rest.raw(
            "POST", "/vibestack.user.v1.UserService/GetUser", b"\0\0\0\0\0",
            {"content-type": "application/grpc-web+proto", "x-grpc-web": "1", "authorization": "Bearer a.b.c"})
        self.assertEqual((status, headers["content-type"], headers["grpc-status"]), (401, "application/grpc-web+proto", "16"), body)
        self.assertTrue(headers["grpc-message"])

    def test_every_answer_has_a_request_id_and_keeps_a_given_one(self):
        _, headers, _ = self.world.rest.raw("GET", "/.well-known/jwks.json")
        self.assertRegex(headers["x-request-id"], r"^[0-9a-f-]{36}$")
        _, headers, _ = self.world.rest.raw("GET", "/nothing", headers={"x-request-id": "mine-7"})
        self.assertEqual(headers["x-request-id"], "mine-7")

    def test_the_log_names_the_call_and_no_credential(self):
        secret = "not-to-be-seen"
        self.world.rest.raw("GET", f"/v1/users/me?page_token={secret}", headers={"authorization": f"Bearer {secret}"})
        self.ask("GET", f"/v1/jobs?user_id=me&access_token={secret}", x_request_id="log-me-7")
        log = self.world.up.place / "log" / "gateway.log"
        self.assertTrue(eventually(lambda: "log-me-7" in log.read_text(encoding="utf-8")))
        text = log.read_text(encoding="utf-8")
        line = next(json.loads(line) for line in text.splitlines() if "log-me-7" in line)
        self.assertEqual((line["method"], line["path"], line["rpc"], line["status"]),
                         ("GET", "/v1/jobs", "/vibestack.job.v1.JobService/ListJobs", 200))
        self.assertNotIn(secret, text)
        self.assertNotIn(self.person.token, text)

    def test_a_client_cannot_choose_its_own_address(self):
        status, _, _ = self.world.rest.raw(
            "POST", "/v1/auth/login", json.dumps({"email": "nobody@example.org", "password": "wrong horse"}),
            JSON | {"x-forwarded-for": "203.0.113.7", "x-request-id": "whose-address"})
        self.assertEqual(status, 401)
        log = self.world.up.place / "log" / "user_service.log"
        line = next(json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if "whose-address" in line)
        self.assertEqual(line["event"], "login_failed")
        self.assertTrue(line["client_address"])
        self.assertNotEqual(line["client_address"], "203.0.113.7")

    def test_long_polls_may_last_longer_than_other_calls(self):
        job = self.world.must("CreateJob", {"workflow_id": "long-poll"}, self.person.token)["id"]
        began = time.monotonic()
        polls = {f"/v1/jobs/{job}:wait?timeout=37s": ("GET", None, self.person.token),
                 "/v1/jobs:claim": ("POST", b'{"workflow_ids": ["nothing-comes"], "wait": "37s"}', self.world.worker)}

        def poll(path):
            verb, body, token = polls[path]
            status, _, text = self.world.rest.raw(verb, path, body, JSON | {"authorization": f"Bearer {token}"}, timeout=60)
            return status, time.monotonic() - began, text

        with concurrent.futures.ThreadPoolExecutor() as threads:
            for path, (status, took, text) in zip(polls, threads.map(poll, polls)):
                with self.subTest(path):
                    self.assertEqual(status, 200, text)
                    self.assertGreater(took, 36)

    def test_the_admin_interface_is_on_loopback(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.world.up.ports["GATEWAY_ADMIN"], timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", "/config_dump")
        dump = json.loads(connection.getresponse().read())
        bootstrap = next(one["bootstrap"] for one in dump["configs"] if "bootstrap" in one)
        self.assertEqual(bootstrap["admin"]["address"]["socket_address"]["address"], "127.0.0.1")

    def test_connections_beyond_the_limit_end_at_once_and_the_others_are_served(self):
        world = World(GATEWAY_MAX_CONNECTIONS="20")
        self.addCleanup(world.close)
        address = ("127.0.0.1", world.up.ports["GATEWAY_PORT"])
        request = b"GET /.well-known/jwks.json HTTP/1.1\r\nhost: localhost\r\n\r\n"

        def is_served(connection):
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
                return connection.recv(12) == b"HTTP/1.1 200"
            return False

        def served_of(count):
            """Opens that many connections at once; returns the number of accepted ones."""
            with contextlib.ExitStack() as all_of_them:
                connections = [all_of_them.enter_context(socket.create_connection(address, 10)) for _ in range(count)]
                return [is_served(connection) for connection in connections].count(True)

        served = served_of(40)
        # (The gateway and its health checks may have connections of their own.)
        self.assertGreater(served, 10)
        self.assertLessEqual(served, 20)
        self.assertTrue(eventually(lambda: served_of(5) == 5))

    def test_a_service_that_is_away_means_503_with_a_time_to_try_again(self):
        world = World()
        self.addCleanup(world.close)
        person = world.person()
        world.up.stop_service("job_service")
        status, _, text = world.rest.raw("GET", "/v1/jobs?user_id=me", headers={"authorization": f"Bearer {person.token}"})
        self.assert_refused((status, json.loads(text)), 503, "GATEWAY_UPSTREAM_UNAVAILABLE")
        self.assertEqual(json.loads(text)["details"][1]["retry_delay"], "1s")
        status, _, text = world.rest.raw("GET", "/v1/users/me", headers={"authorization": f"Bearer {person.token}"})
        self.assertEqual(status, 200, text)


if __name__ == "__main__":
    unittest.main()
