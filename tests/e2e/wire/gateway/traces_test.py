"""Traces from the gateway through both services to the SQL statement and on to pushed workflows, with a real collector."""

import concurrent.futures
import contextlib
import http.server
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import unittest
import urllib.request

from tests.e2e.wire.gateway.world import PASSWORD, World
from tests.support import pushed_workflow
from tests.support.otlp import Collector
from tests.support.waiting import eventually


class Workflow(http.server.BaseHTTPRequestHandler):
    """Accepts every job and keeps the headers of its post."""

    headers_seen = []

    def do_POST(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers["content-length"]))
        self.headers_seen.append(dict(self.headers.items()))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Says nothing."""


class TracesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collector = Collector()
        cls.addClassCleanup(cls.collector.close)
        cls.world = World(VIBESTACK_WORKFLOWS_FILE=str(pushed_workflow.serve(cls, Workflow)),
                          VIBESTACK_OTLP_ENDPOINT=f"http://{cls.collector.address}",
                          GATEWAY_OTLP_ENDPOINT=cls.collector.address,
                          VIBESTACK_OWNER_TTL="0")  # so that each call asks user_service
        cls.addClassCleanup(cls.world.close)

    def call(self, path, token, body=None, trace_id=None, flags="01"):
        """Makes a REST call with a new trace; returns the trace's id and the answer."""
        trace_id = trace_id or secrets.token_hex(16)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.world.url + path, data, headers | {"content-type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return trace_id, json.loads(answer.read())

    @contextlib.contextmanager
    def users_locked(self):
        """A session that locks users against readers until it commits."""
        with subprocess.Popen(["psql", "-qXAt", self.world.database_url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as session:
            session.stdin.write("BEGIN; LOCK TABLE users; SELECT 'locked';\n")
            session.stdin.flush()
            self.assertEqual(session.stdout.readline(), "locked\n")
            yield session

    def metric(self, port, series):
        """Returns the value of a series of a service."""
        url = f"http://127.0.0.1:{self.world.up.ports[port]}/metrics"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(series + " "))

    def of_trace(self, trace_id, service, name):
        """Waits for the service's span of that name in the trace; returns it."""
        def found(spans):
            return [span for span in spans if (span.trace_id, span.service, span.name) == (trace_id, service, name)]

        return found(self.collector.await_spans(found))[0]

    def gateways(self, trace_id):
        """Waits for the gateway's span of a trace; returns it."""
        def found(spans):
            return [span for span in spans if (span.trace_id, span.service) == (trace_id, "gateway")]

        return found(self.collector.await_spans(found))[0]

    def test_one_rest_call_is_one_trace_from_the_gateway_to_the_statements_of_both_services(self):
        person = self.world.person()
        trace_id, _ = self.call("/v1/jobs", person.token, {"workflow_id": "pulled"})

        def path(spans, service, name):
            """Returns the services from the outermost span to this one; none until all spans have arrived."""
            by_id = {span.span_id: span for span in spans if span.trace_id == trace_id}
            span = next((one for one in by_id.values() if (one.service, one.name) == (service, name)), None)
            steps = []
            while span is not None:
                steps.insert(0, span.service)
                if span.service == "gateway":
                    return steps
                span = by_id.get(span.parent_id)
            return []

        spans = self.collector.await_spans(lambda spans: path(spans, "job_service", "create_jobs")
                                           and path(spans, "user_service", "get_users_by_ids"))
        self.assertEqual(list(dict.fromkeys(path(spans, "job_service", "create_jobs"))), ["gateway", "job_service"])
        self.assertEqual(list(dict.fromkeys(path(spans, "user_service", "get_users_by_ids"))), ["gateway", "job_service", "user_service"])
        self.assertEqual(self.of_trace(trace_id, "user_service", "get_users_by_ids").attribute("db.system.name"), "postgresql")

    def post_of(self, job):
        """Waits for the job's post; returns its headers."""
        def posts():
            return [headers for headers in Workflow.headers_seen if headers["idempotency-key"] == f"{job['id']}-1"]

        self.assertTrue(eventually(posts))
        return posts()[0]

    def test_a_post_starts_a_trace_of_its_own(self):
        person = self.world.person()
        trace_id, job = self.call("/v1/jobs", person.token, {"workflow_id": "pushed", "input": {"n": 1}})
        _, post_trace_id, span_id, flags = self.post_of(job)["traceparent"].split("-")
        self.assertNotEqual(post_trace_id, trace_id)
        dispatch = self.of_trace(post_trace_id, "job_service", "dispatch")
        self.assertEqual((dispatch.span_id, flags), (span_id, "01"))
        self.assertFalse(dispatch.parent_id)

    def test_a_coalesced_statements_span_is_linked_to_all_of_its_callers(self):
        person = self.world.person()
        calls = 20
        with self.users_locked() as lock, concurrent.futures.ThreadPoolExecutor(calls) as threads:
            pending = [threads.submit(self.call, "/v1/users/me", person.token) for _ in range(calls)]
            # Except for the statements that wait for the lock, at most two.
            self.assertTrue(eventually(lambda: self.metric("USER_METRICS", 'vibestack_batch_queue{kind="users_by_id"}') >= calls - 2))
            lock.communicate("COMMIT;\n")
            traces = [call.result()[0] for call in pending]

        def linked(spans):
            return {trace for span in spans if span.name == "batch users_by_id" for trace, _ in span.links}

        def callers(spans):
            return {(span.trace_id, span.span_id) for span in spans if span.name == "vibestack.user.v1.UserService/GetUser"}

        def complete(spans):
            return linked(spans) >= set(traces) and {trace for trace, _ in callers(spans)} >= set(traces)

        spans = self.collector.await_spans(complete)
        batches = [span for span in spans if span.name == "batch users_by_id"]
        self.assertGreater(max(len(batch.links) for batch in batches), 1)
        for batch in batches:
            self.assertTrue(callers(spans) >= {link for link in batch.links if link[0] in traces})

    def test_a_trace_that_nobody_records_is_passed_on_and_not_recorded(self):
        person = self.world.person()
        trace_id, _ = self.call("/v1/auth/login", "", {"email": person.email, "password": PASSWORD}, flags="00")
        log = self.world.up.place / "log" / "user_service.log"
        self.assertTrue(eventually(lambda: trace_id in log.read_text(encoding="utf-8")))
        marker, _ = self.call("/v1/users/me", person.token)
        self.of_trace(marker, "user_service", "vibestack.user.v1.UserService/GetUser")
        self.gateways(marker)
        self.assertFalse([span for span in self.collector.spans() if span.trace_id == trace_id])

    def test_lines_of_the_log_name_the_trace(self):
        person = self.world.person()
        trace_id, _ = self.call("/v1/auth/login", "", {"email": person.email, "password": PASSWORD})
        span = self.of_trace(trace_id, "user_service", "vibestack.user.v1.AuthService/Login")
        log = (self.world.up.place / "log" / "user_service.log").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in log.splitlines() if trace_id in line]
        self.assertEqual([(line["event"], line["trace_id"], line["span_id"]) for line in lines],
                         [("login_ok", trace_id, span.span_id)])

    def test_no_span_holds_a_credential_an_email_or_a_parameter_of_a_statement(self):
        person = self.world.person()
        by_email, _ = self.call(f"/v1/users:byEmail?email={person.email}", self.world.superuser.token)
        created, job = self.call("/v1/jobs", person.token, {"workflow_id": "pulled-secretly"})
        watched = secrets.token_hex(16)
        request = urllib.request.Request(f"{self.world.url}/v1/jobs/{job['id']}:watch?access_token={person.token}",
                                         headers={"traceparent": f"00-{watched}-{secrets.token_hex(8)}-01"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as stream:
            self.assertIn(job["id"].encode(), b"".join(iter(stream.readline, b"\n")))
        self.of_trace(created, "job_service", "create_jobs")
        for trace_id in (by_email, created, watched):
            self.assertNotIn("?", self.gateways(trace_id).attribute("http.url"))
        text = "\n".join(map(str, self.collector.spans()))
        for secret in (person.email, person.email.split("@")[0], PASSWORD, person.token, person.token.split(".")[2],
                       self.world.superuser.email, "pulled-secretly", "Bearer"):
            self.assertNotIn(secret, text)

    def test_the_level_of_the_log_changes_while_the_service_runs(self):
        person = self.world.person()
        log = self.world.up.place / "log" / "user_service.log"

        def lines(event):
            return [line for line in log.read_text(encoding="utf-8").splitlines() if f'"event":"{event}"' in line]

        def is_logged(trace_id):
            return any(trace_id in line for line in lines("call"))

        before, _ = self.call("/v1/users/me", person.token)
        os.kill(self.world.up.pid("user_service"), signal.SIGUSR1)
        self.assertTrue(eventually(lambda: len(lines("log_level_switched")) == 1))
        during, _ = self.call("/v1/users/me", person.token)
        self.assertTrue(eventually(lambda: is_logged(during)))
        os.kill(self.world.up.pid("user_service"), signal.SIGUSR2)
        self.assertTrue(eventually(lambda: len(lines("log_level_switched")) == 2))
        after, _ = self.call("/v1/users/me", person.token)
        os.kill(self.world.up.pid("user_service"), signal.SIGUSR1)
        self.assertTrue(eventually(lambda: len(lines("log_level_switched")) == 3))
        last, _ = self.call("/v1/users/me", person.token)
        self.assertTrue(eventually(lambda: is_logged(last)))
        os.kill(self.world.up.pid("user_service"), signal.SIGUSR2)
        self.assertEqual([is_logged(trace_id) for trace_id in (before, during, after, last)], [False, True, False, True])


class CollectorAwayTest(unittest.TestCase):
    def test_a_collector_that_is_away_or_does_not_answer_harms_no_call_and_no_stop(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(64)  # takes connections and says nothing
            port = silent.getsockname()[1]
            for endpoint in ("http://127.0.0.1:1", f"http://127.0.0.1:{port}"):
                world = World(VIBESTACK_OTLP_ENDPOINT=endpoint, GATEWAY_OTLP_ENDPOINT=endpoint.removeprefix("http://"))
                try:
                    person = world.person()
                    began = time.monotonic()
                    for _ in range(3_000):
                        world.must("GetUser", {"id": "me"}, person.token)
                    for _ in range(100):
                        self.assertEqual(world.rest.raw("GET", "/v1/users/me", headers={"authorization": f"Bearer {person.token}"})[0], 200)
                    self.assertLess(time.monotonic() - began, 60)
                    for service in ("job_service", "user_service"):
                        began = time.monotonic()
                        world.up.stop_service(service)
                        self.assertLess(time.monotonic() - began, 10)
                        log = (world.up.place / "log" / f"{service}.log").read_text(encoding="utf-8")
                        self.assertIn('"event":"stopped"', log)
                finally:
                    world.close()


if __name__ == "__main__":
    unittest.main()
