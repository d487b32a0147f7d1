"""Every method has the same result, code and details by gRPC and by REST."""

import re
import unittest

import grpc

from tests.e2e.wire.gateway.calls import HTTP_STATUS, has_rest
from tests.e2e.wire.gateway.rows import ROWS
from tests.e2e.wire.gateway.world import METHODS, World

# Fields that differ in every call.
VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "<time>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "<token>"),
    (re.compile(r"[0-9a-f]{32}"), "<unique>"),
    (re.compile(r"^\d{10}$"), "<seconds>"),
)


def comparable(value, name="", in_details=False):
    """Returns a body without volatile fields. (Empty fields in the details of an error mean the same as missing ones.)"""
    if isinstance(value, dict):
        return {key: comparable(one, key, in_details or key == "details") for key, one in value.items()
                if not in_details or one not in ("", [], {})}
    if isinstance(value, list):
        return [comparable(one, name, in_details) for one in value]
    if isinstance(value, str):
        if name in ("lease_token", "next_page_token") and value:
            return "<opaque>"
        for pattern, word in VOLATILE:
            value = pattern.sub(word, value)
    return value


class ConformanceTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def test_both_ways_answer_the_same(self):
        for row in ROWS:
            with self.subTest(f"{row.method}: {row.about}"):
                method = METHODS[row.method]
                direct = self.world.grpc.call(method, *row.make(self.world))
                over_rest = self.world.rest.call(method, *row.make(self.world))
                self.assertEqual(direct.code.name, row.code, direct.body)
                self.assertEqual(over_rest.code, direct.code, over_rest.body)
                self.assertEqual(over_rest.http_status, HTTP_STATUS[direct.code.name])
                self.assertEqual(comparable(over_rest.body), comparable(direct.body))

    def test_both_services_list_their_services_by_reflection(self):
        list_services = b"\x3a\x01*"  # ServerReflectionRequest{list_services: "*"}
        for port, names in (("USER_PORT", ("user.v1.AuthService", "user.v1.UserService")), ("JOB_PORT", ("job.v1.JobService",))):
            with grpc.insecure_channel(f"127.0.0.1:{self.world.up.ports[port]}") as channel:
                ask = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
                answer = next(ask(iter([list_services]), timeout=10))
            for name in names:
                self.assertIn(f"vibestack.{name}".encode(), answer)

    def test_every_method_has_a_row_that_succeeds_and_one_that_does_not(self):
        methods = {name for name, method in METHODS.items() if has_rest(method)}
        self.assertEqual(set(METHODS) - methods, {"WatchJob", "WatchJobs"}, "without a REST path")
        # This one never ends by itself; streams_test reads it.
        good = {row.method for row in ROWS if row.code == "OK"} | {"WatchJobsEvents"}
        bad = {row.method for row in ROWS if row.code != "OK"} | {"GetJwks"}  # which takes nothing that could be wrong
        self.assertEqual(methods - good, set(), "without a row that succeeds")
        self.assertEqual(methods - bad, set(), "without a row that fails")


if __name__ == "__main__":
    unittest.main()
