"""More replicas of a world's services, and a gateway in front of all of them."""

import http.client
import json
import pathlib
import signal
import subprocess

import envoy

from tests.e2e.wire.gateway.calls import Rest
from tests.e2e.wire.gateway.world import BUILD_DIR
from tests.support import local_up
from tests.support.waiting import eventually

ENVOY = pathlib.Path(envoy.__file__).parent / "_bin" / "envoy"


class Process:
    """A process that can restart with the same command. It ends with the test."""

    def __init__(self, command, environment, log, is_ready):
        self._command, self._environment, self._log, self._is_ready = command, environment, log, is_ready
        self._process = None
        self.start()

    def start(self):
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        if not eventually(lambda: self._process.poll() is not None or self._is_ready()) or self._process.poll() is not None:
            raise AssertionError(f"{self._command[0]} does not get ready:\n{self._log.read_text()[-2000:]}")

    def stop(self):
        """Stops the process with SIGTERM, as an operator does; returns its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(timeout=40)
        self._process = None
        return code


def log_of(world, name, address):
    """Returns the log file of the replica or gateway at that address."""
    return world.up.place / "log" / f"{name}-{address.rpartition(':')[2]}.log"


def serves(address, seconds=1):
    """Waits until grpc.health.v1 at that address reports readiness; returns whether it does."""
    probe = [local_up.ROOT / ".local/venv/bin/python", local_up.ROOT / "deploy/local/probe", "ready", address,
             "--seconds", str(seconds)]
    return subprocess.run(probe, check=False).returncode == 0


def replica(world, name, *flags, is_ready=None):
    """Starts one more replica of a service and waits for its readiness, or for `is_ready()`; returns (process, "HOST:PORT")."""
    port = local_up.free_ports(1)[0]
    address = f"127.0.0.1:{port}"
    environment = {**world.up.environment, "VIBESTACK_DATABASE_URL": world.database_url()}
    command = [BUILD_DIR / name / name, "serve", f"--grpc_address={address}", "--metrics_address=127.0.0.1:0",
               "--trusted_proxies=127.0.0.1/32", *flags]
    return Process(command, environment, log_of(world, name, address), is_ready or (lambda: serves(address))), address


def answers(port, status, tls=None):
    """Returns whether the gateway at that port answers the keys of user_service with this status."""
    try:
        return Rest("127.0.0.1", port, tls).raw("GET", "/.well-known/jwks.json", timeout=5)[0] == status
    except OSError:
        return False


def gateway(world, users, jobs, is_ready=None, **settings):
    """Starts a gateway in front of those replicas, with more settings of `render`; returns (process, port, admin port).

    It waits until the gateway has user_service's keys, or for `is_ready(port)`."""
    port, admin = local_up.free_ports(2)
    environment = {**world.up.environment, "GATEWAY_DESCRIPTORS": str(BUILD_DIR / "proto" / "vibestack.pb"),
                   "GATEWAY_DOCS": str(BUILD_DIR / "gateway" / "docs"),
                   "GATEWAY_PORT": str(port), "GATEWAY_ADMIN_PORT": str(admin),
                   "GATEWAY_USER_SERVICE": ",".join(users), "GATEWAY_JOB_SERVICE": ",".join(jobs), **settings}
    config = world.up.place / "run" / f"gateway-{port}.yaml"
    rendered = subprocess.run([local_up.ROOT / "deploy/gateway/render"], env=environment, capture_output=True, check=True)
    config.write_bytes(rendered.stdout)
    command = [ENVOY, "--config-path", config, "--disable-hot-restart", "--log-level", "warning"]
    ready = is_ready or (lambda port: answers(port, 200))
    return Process(command, environment, log_of(world, "gateway", f":{port}"), lambda: ready(port)), port, admin


def all_are_in_use(admin):
    """Returns whether the gateway sends calls to every replica that it knows."""
    connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=5)
    try:
        connection.request("GET", "/clusters?format=json")
        clusters = json.load(connection.getresponse())["cluster_statuses"]
    finally:
        connection.close()
    return all(set(host["health_status"]) == {"eds_health_status"}
               for cluster in clusters for host in cluster.get("host_statuses", ()))
