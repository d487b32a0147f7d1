"""A run of a pushed workflow calls back by REST through the gateway."""

import http.server
import json
import unittest
import urllib.error
import urllib.request

from tests.e2e.wire.gateway.world import World
from tests.support import pushed_workflow, waiting


class Workflow(http.server.BaseHTTPRequestHandler):
    """Accepts a job and calls back before it answers: first for another job, then correctly."""

    protocol_version = "HTTP/1.1"
    received = []
    statuses = []

    def do_POST(self):  # pylint: disable=invalid-name
        job = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.received.append(job)
        other = job["callback_url"].replace(job["job_id"], "00000000-0000-4000-8000-000000000000")
        for url in (other, job["callback_url"]):
            self.statuses.append(call_back(f"{url}:complete", job["callback_token"], {"result_payload": {"heard": job["input"]}}))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Says nothing."""


def call_back(url, token, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {
        "authorization": f"Bearer {token}", "content-type": "application/json"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class PushTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(VIBESTACK_WORKFLOWS_FILE=str(pushed_workflow.serve(cls, Workflow)))
        cls.addClassCleanup(cls.world.close)

    def test_a_run_calls_back_through_the_gateway_for_its_own_job_only(self):
        person = self.world.person()
        job = self.world.must("CreateJob", {"workflow_id": "pushed", "input": {"n": 1}}, person.token)
        done = self.world.must("WaitJob", {"id": job["id"], "timeout": "20s"}, person.token)
        self.assertEqual(done["status"], "COMPLETED")
        self.assertEqual(done["result_payload"], {"heard": {"n": 1}})
        # The job is completed a moment before the run reads the response.
        waiting.eventually(lambda: len(Workflow.statuses) == 2)
        self.assertEqual(Workflow.statuses, [403, 200])
        self.assertEqual(Workflow.received[0]["attempt"], 1)
        self.assertEqual(Workflow.received[0]["callback_url"], f"{self.world.url}/v1/jobs/{job['id']}")
