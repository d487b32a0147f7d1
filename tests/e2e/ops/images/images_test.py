"""The images of deploy/docker, run for real: migrations, both services and the gateway, and one job through all of them."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.ops.images.containers import Container, ROOT, image, podman, run_to_end
from tests.support.local_up import free_ports
from tests.support.waiting import eventually

PYTHON = ROOT / ".local" / "venv" / "bin" / "python"
POSTGRES = ROOT / "deploy" / "local" / "postgres"
USER = 65532
# The services' --shutdown_grace, and what comes after it.
GRACE = 25


class ImagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="vibestack-images-"))
        cls.place.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.start_postgres()
        cls.make_keys()
        cls.start_services()

    @classmethod
    def start_postgres(cls):
        cluster = cls.place / "postgres"
        database, *cls.ports = free_ports(7)
        subprocess.run([POSTGRES, "init", cluster], check=True, capture_output=True)
        subprocess.run([POSTGRES, "start", cluster, str(database)], check=True, capture_output=True)
        cls.addClassCleanup(subprocess.run, [POSTGRES, "kill", cluster], check=False)
        url = [subprocess.run([POSTGRES, "url", cluster, name], check=True, capture_output=True, text=True).stdout.strip()
               for name in ("postgres", "vibestack")]
        subprocess.run(["psql", "-qX", url[0], "-c", "CREATE DATABASE vibestack"], check=True)
        cls.database_url = url[1]
        run_to_end("migrations", environment={"DATABASE_URL": cls.database_url}, memory="128m")

    @classmethod
    def make_keys(cls):
        for name in ("keys", "token"):
            (cls.place / name).mkdir(mode=0o700)
            os.chown(cls.place / name, USER, USER)
        run_to_end("user_service", "create-keys", volumes={cls.place / "keys": "/var/lib/vibestack/keys"})
        for name in ("job_service", "worker"):
            token = run_to_end("user_service", "issue-service-token", "--name", name,
                               volumes={cls.place / "keys": "/var/lib/vibestack/keys:ro"})
            path = cls.place / ("token" if name == "job_service" else ".") / f"{name}.token"
            path.write_text(token, encoding="ascii")
            os.chown(path, USER, USER)

    @classmethod
    def start_services(cls):
        user, user_metrics, job, job_metrics, gateway, admin = cls.ports
        keys = {cls.place / "keys": "/var/lib/vibestack/keys:ro"}
        common = {"DATABASE_URL": cls.database_url, "VIBESTACK_TRUSTED_PROXIES": "127.0.0.0/8"}
        cls.user = cls.start("user_service", {**common, "VIBESTACK_GRPC_ADDRESS": f"127.0.0.1:{user}",
                                              "VIBESTACK_METRICS_ADDRESS": f"127.0.0.1:{user_metrics}"}, keys)
        cls.job = cls.start("job_service", {**common, "VIBESTACK_GRPC_ADDRESS": f"127.0.0.1:{job}",
                                            "VIBESTACK_METRICS_ADDRESS": f"127.0.0.1:{job_metrics}",
                                            "VIBESTACK_USER_SERVICE_ADDRESS": f"127.0.0.1:{user}",
                                            "VIBESTACK_SERVICE_TOKEN_FILE": "/run/token/job_service.token"},
                            {cls.place / "token": "/run/token:ro"})
        cls.gateway = cls.start("gateway", {"GATEWAY_ADDRESS": "127.0.0.1", "GATEWAY_PORT": gateway, "GATEWAY_ADMIN_PORT": admin,
                                            "GATEWAY_USER_SERVICE": f"127.0.0.1:{user}",
                                            "GATEWAY_JOB_SERVICE": f"127.0.0.1:{job}"}, memory="256m")
        cls.await_probe("ready", f"127.0.0.1:{user}", cls.user)
        cls.await_probe("ready", f"127.0.0.1:{job}", cls.job)
        cls.await_probe("answers", f"http://127.0.0.1:{gateway}/.well-known/jwks.json", cls.gateway)

    @classmethod
    def start(cls, target, environment, volumes=None, memory="64m"):
        container = Container(target, environment, volumes, memory)
        cls.addClassCleanup(container.remove)
        return container

    @classmethod
    def await_probe(cls, probe, address, container):
        done = subprocess.run([PYTHON, ROOT / "deploy" / "local" / "probe", probe, address, "--seconds", "60"], check=False)
        if done.returncode != 0:
            raise AssertionError(container.logs())

    def walk(self):
        user, _, job, _, gateway, _ = self.ports
        walked = subprocess.run([PYTHON, ROOT / "deploy" / "local" / "walk", "--user", f"127.0.0.1:{user}", "--job",
                                 f"127.0.0.1:{job}", "--gateway", f"http://127.0.0.1:{gateway}", "--state", self.place],
                                capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(walked.returncode, 0, walked.stdout + walked.stderr)

    def test_the_gateway_serves_the_dashboard(self):
        self.assertEqual(self.rest("/admin/config.json")["docs_url"], "/docs")
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[4]}/admin/", timeout=10) as answer:
            self.assertIn("default-src 'none'", answer.headers["content-security-policy"])

    def test_a_job_goes_through_and_each_process_is_as_confined_as_it_was_asked_to_be(self):
        self.walk()
        for container, megabytes in ((self.user, 64), (self.job, 64), (self.gateway, 256)):
            with self.subTest(container.name):
                status = container.status()
                self.assertEqual(status["Uid"].split(), [str(USER)] * 4)
                self.assertEqual(int(status["CapEff"], 16) | int(status["CapBnd"], 16), 0)
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertEqual(container.memory_limit(), megabytes << 20)
                self.assertFalse(container.state()["OOMKilled"])
                for place in ("/", "/tmp", "/var/lib/vibestack"):
                    self.assertNotEqual(container.execute("touch", f"{place}/x").returncode, 0, place)

    def test_the_last_stages_hold_neither_compiler_nor_package_lists(self):
        for target in ("user_service", "job_service", "migrations"):
            with self.subTest(target):
                found = podman("run", "--rm", "--network", "none", "--pull", "never", "--entrypoint", "bash", image(target), "-c",
                               "ls /var/lib/apt/lists; type -P gcc g++ cc c++ clang make cmake ninja ld as || true")
                self.assertEqual(found.stdout.split(), [])

    def test_they_run_as_a_numeric_user_that_is_not_root(self):
        for target in ("user_service", "job_service", "migrations", "gateway"):
            self.assertEqual(podman("image", "inspect", "--format", "{{.Config.User}}", image(target)).stdout.strip(), "65532:65532")

    def rest(self, path, body=None, token=None):
        """Returns the gateway's answer to a GET, or to a POST if there is a body."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[4]}{path}", headers=headers,
                                         data=json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def waiting_request(self, pool):
        """Starts a call through the gateway that takes some seconds."""
        account = {"email": "stop@example.com", "password": "correct horse"}
        self.rest("/v1/auth/sign-up", account)
        token = self.rest("/v1/auth/login", account)["access_token"]
        job = self.rest("/v1/jobs", {"workflow_id": "stop"}, token)
        waiting = pool.submit(self.rest, f"/v1/jobs/{job['id']}:wait?timeout=5s", None, token)
        self.assertTrue(eventually(lambda: "downstream_rq_active: 1" in self.gateway_stats()))
        return waiting

    def gateway_stats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[5]}/stats?filter=http.edge.downstream_rq_active", timeout=10) as answer:
            return answer.read().decode()

    def test_sigterm_ends_each_within_its_grace_and_with_zero(self):
        # The gateway finishes what is under way. From the outside in, as an operator stops them.
        with ThreadPoolExecutor() as pool:
            waiting = self.waiting_request(pool)
            self.gateway.stop(GRACE)
            self.assertEqual(waiting.result()["status"], "PENDING")
        self.assertEqual(self.gateway.state()["ExitCode"], 0, self.gateway.logs())
        for container in (self.job, self.user):
            with self.subTest(container.name):
                began = time.monotonic()
                container.stop(GRACE)
                self.assertLess(time.monotonic() - began, GRACE - 1)
                self.assertTrue(eventually(lambda: container.state()["Status"] == "exited"))
                self.assertEqual(container.state()["ExitCode"], 0, container.logs())


if __name__ == "__main__":
    sys.exit(unittest.main())
