"""deploy/n8n/vibestack-job.json in a real n8n, whose program is the environment variable N8N."""

import json
import os
import pathlib
import secrets
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

from tests.e2e.wire.gateway.world import World
from tests.support import local_up
from tests.support.waiting import eventually

WORKFLOW = local_up.ROOT / "deploy" / "n8n" / "vibestack-job.json"
OFF = ("DIAGNOSTICS", "VERSION_NOTIFICATIONS", "TEMPLATES", "PERSONALIZATION", "COMMUNITY_PACKAGES", "LICENSE_AUTO_RENEW")


class N8n:
    """An n8n with its own database and the published workflow."""

    def __init__(self, world, directory, port):
        self.log = directory / "n8n.log"
        owner = world.database_url()
        subprocess.run(["psql", "-qX", owner, "-c", "CREATE DATABASE n8n"], check=True)
        database = urllib.parse.urlsplit(owner)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("DB_", "N8N_"))} | {
            "DB_TYPE": "postgresdb", "DB_POSTGRESDB_HOST": database.hostname, "DB_POSTGRESDB_PORT": str(database.port),
            "DB_POSTGRESDB_DATABASE": "n8n", "DB_POSTGRESDB_USER": database.username,
            "DB_POSTGRESDB_PASSWORD": urllib.parse.unquote(database.password or ""),
            "N8N_LISTEN_ADDRESS": "127.0.0.1", "N8N_PORT": str(port), "N8N_ENCRYPTION_KEY": secrets.token_hex(16), "N8N_USER_FOLDER": str(directory), "N8N_DISABLE_UI": "true",
            "N8N_RUNNERS_ENABLED": "false"} | {f"N8N_{name}_ENABLED": "false" for name in OFF}
        self._command("import:workflow", f"--input={WORKFLOW}")
        self._command("publish:workflow", f"--id={json.loads(WORKFLOW.read_text(encoding='utf-8'))[0]['id']}")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen([os.environ["N8N"], "start"], env=self.environment, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def _command(self, *words):
        done = subprocess.run([os.environ["N8N"], *words], env=self.environment, stdin=subprocess.DEVNULL, timeout=120,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")

    def await_ready(self, seconds=120):
        def logged():
            return self.log.read_text(encoding="utf-8", errors="replace")

        eventually(lambda: "Activated workflow" in logged() or self._process.poll() is not None, seconds)
        if "Activated workflow" not in logged():
            raise AssertionError(logged()[-4000:])

    def stop(self):
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=60)


class N8nTest(unittest.TestCase):
    def test_the_workflow_takes_a_job_and_calls_back_with_its_result(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            port = local_up.free_ports(1)[0]
            file = directory / "workflows.json"
            file.write_text(json.dumps({"workflows": [
                {"id": "n8n", "push": {"url": f"http://127.0.0.1:{port}/webhook/vibestack-job"}}]}), encoding="ascii")
            world = World(VIBESTACK_WORKFLOWS_FILE=str(file))
            self.addCleanup(world.close)
            n8n = N8n(world, directory, port)
            try:
                n8n.await_ready()
                person = world.person()
                with_input = world.must("CreateJob", {"workflow_id": "n8n", "input": {"text": "hello"}}, person.token)
                plain = world.must("CreateJob", {"workflow_id": "n8n"}, person.token)
                for job, heard in ((with_input, {"text": "hello"}), (plain, None)):
                    done = world.must("WaitJob", {"id": job["id"], "timeout": "30s"}, person.token)
                    self.assertEqual(done["status"], "COMPLETED", done)
                    self.assertEqual(done["result_payload"], {"answer": "Worked on n8n", "input": heard})
            finally:
                n8n.stop()
