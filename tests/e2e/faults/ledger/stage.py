"""What the ledger runs on: a PostgreSQL of its own, two replicas of each service, and the tokens of their callers."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

import grpc
import psycopg
from google.rpc import error_details_pb2, status_pb2

from tests.support import local_up
from tests.support.postgres_pair import DATABASE, Cluster
from tests.support.waiting import eventually

sys.path.insert(0, str(local_up.ROOT / "deploy" / "local"))
import stubs  # noqa: E402  pylint: disable=wrong-import-position

stubs.add_to_path()
# pylint: disable=wrong-import-position
from vibestack.job.v1 import job_service_pb2_grpc  # noqa: E402
from vibestack.user.v1 import auth_service_pb2, auth_service_pb2_grpc  # noqa: E402

BUILD_DIR = pathlib.Path(os.environ.get("VIBESTACK_TEST_BUILD_DIR", local_up.ROOT / "build" / "release"))
LEASE = 2.0  # seconds
PASSWORD = "correct horse battery"
REPLICAS = 2
# The address may be down for a moment, so the client tries again soon.
CHANNEL_OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 100),
                   ("grpc.min_reconnect_backoff_ms", 1000), ("grpc.max_reconnect_backoff_ms", 500)]


def open_channel(address):
    return grpc.insecure_channel(address, options=CHANNEL_OPTIONS)


def reason_of(status):
    """Returns the reason of a google.rpc.Status; empty if it has no ErrorInfo."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.reason
    return ""


class Answer:
    """The answer of one call: a response, or a code with its reason."""

    def __init__(self, response=None, code=grpc.StatusCode.OK, reason="", message=""):
        self.response, self.code, self.reason, self.message = response, code, reason, message

    @classmethod
    def of_error(cls, error):
        status = status_pb2.Status()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status = status_pb2.Status.FromString(value)
        return cls(None, error.code(), reason_of(status), error.details())

    @property
    def ok(self):
        return self.code == grpc.StatusCode.OK

    @property
    def is_unknown(self):
        """Whether a caller repeats the call, because its outcome is unknown or because the server asks for it."""
        return (self.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
                or self.code == grpc.StatusCode.RESOURCE_EXHAUSTED and self.reason != ""
                or self.code == grpc.StatusCode.ABORTED and self.reason == "CONFLICT")

    def __str__(self):
        return f"{self.code.name} ({self.reason}) {self.message}"


class Client:
    """Calls one replica of job_service or the other, as a client behind a load balancer does."""

    def __init__(self, addresses, rng):
        self._stubs = [job_service_pb2_grpc.JobServiceStub(open_channel(address)) for address in addresses]
        self._rng = rng
        self._at = rng.randrange(len(self._stubs))

    def call(self, method, request, token, timeout=5):
        """Makes one call. After an error, the next call goes to another replica."""
        if self._rng.random() < 0.1:
            self._turn()
        try:
            stub = self._stubs[self._at]
            return Answer(getattr(stub, method)(request, metadata=[("authorization", f"Bearer {token}")], timeout=timeout))
        except grpc.RpcError as error:
            answer = Answer.of_error(error)
            if answer.is_unknown:
                self._turn()
            return answer

    def _turn(self):
        self._at = (self._at + 1) % len(self._stubs)


class Service:
    """One replica. It ends with the ledger, whatever happens: the kernel kills it when the thread that started it ends."""

    def __init__(self, name, number, flags, environment, directory):
        port = local_up.free_ports(1)[0]
        self.address = f"127.0.0.1:{port}"
        self.name = f"{name} {number}"
        self.log = directory / f"{name}-{number}.log"
        self._command = ["setpriv", "--pdeathsig", "KILL", "--", BUILD_DIR / name / name, "serve", f"--grpc_address={self.address}",
                         "--metrics_address=127.0.0.1:0", *flags]
        self._environment = environment
        self._channel = open_channel(self.address)
        self._process = None

    def start(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def send(self, number):
        self._process.send_signal(number)

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def has_ended(self):
        """Returns whether the replica has ended although nobody killed it."""
        return self._process is not None and self._process.poll() is not None

    def is_ready(self):
        try:
            return self._channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=1) == b"\x08\x01"
        except grpc.RpcError:
            return False

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Stage:
    """Everything that runs. Thread-safe except for start and close."""

    def __init__(self, workflows):
        """`workflows` is the content of the workflows file."""
        self.cluster = Cluster()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vibestack-ledger-"))
        self.users, self.jobs = [], []
        try:
            self._start(workflows)
        except BaseException:
            self.close()
            raise

    def _start(self, workflows):
        self.cluster.start()
        self.cluster.run(f"CREATE DATABASE {DATABASE}", database="postgres")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VIBESTACK_")}
        environment = {**inherited, "DATABASE_URL": self.cluster.url()}
        self._run([local_up.ROOT / "deploy" / "migrations" / "migrate"], environment)
        keys = self.directory / "keys"
        keys.mkdir(mode=0o700)
        program = BUILD_DIR / "user_service" / "user_service"
        self._run([program, "create-keys", f"--keys_dir={keys}"], environment)
        self.worker_token = self._run([program, "issue-service-token", "--name=ledger", f"--keys_dir={keys}"], environment).strip()
        token_file, workflows_file = self.directory / "service.token", self.directory / "workflows.json"
        token_file.write_text(self.worker_token, encoding="ascii")
        workflows_file.write_text(workflows, encoding="ascii")
        self.users = [Service("user_service", number, [f"--keys_dir={keys}", "--bcrypt_cost=4", "--access_token_ttl=2h"], environment,
                              self.directory) for number in range(REPLICAS)]
        self.jobs = [Service("job_service", number, [
            f"--user_service_address=ipv4:{','.join(service.address for service in self.users)}", f"--service_token_file={token_file}",
            f"--keys_dir={keys}", f"--workflows_file={workflows_file}", "--callback_base_url=http://127.0.0.1:9",
            f"--lease_duration={LEASE:g}s", "--sweep_interval=100ms", "--poll_interval=500ms"], environment,
                             self.directory) for number in range(REPLICAS)]
        for service in self.services:
            service.start()
        if not eventually(self.is_ready, 30):
            raise AssertionError("the services do not get ready:\n" + self.tails())

    @property
    def services(self):
        return self.users + self.jobs

    @staticmethod
    def _run(command, environment):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{command[0]}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        return done.stdout

    def is_ready(self):
        return all(service.is_ready() for service in self.services)

    def job_addresses(self):
        return [service.address for service in self.jobs]

    def sign_up(self):
        """Returns the id and the access token of a new user."""
        email = f"{uuid.uuid4().hex}@example.org"
        stub = auth_service_pb2_grpc.AuthServiceStub(open_channel(self.users[0].address))
        user = stub.SignUp(auth_service_pb2.SignUpRequest(email=email, password=PASSWORD), timeout=20)
        tokens = stub.Login(auth_service_pb2.LoginRequest(email=email, password=PASSWORD), timeout=20)
        return user.id, tokens.access_token

    def connect(self):
        return psycopg.connect(self.cluster.url(), autocommit=True, connect_timeout=5)

    def query(self, sql):
        """Runs one query; repeats it for some seconds while PostgreSQL is not there."""
        end = time.monotonic() + 30
        while True:
            try:
                with self.connect() as connection:
                    return connection.execute(sql).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def tails(self):
        """The last lines of all logs."""
        texts = [f"--- {service.name}\n{service.tail()}" for service in self.services]
        log = self.cluster.data / "server.log"
        if log.exists():
            texts.append("--- PostgreSQL\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))
        return "\n".join(texts)

    def close(self):
        for service in self.services:
            try:
                service.send(signal.SIGCONT)
            except (AttributeError, OSError):
                pass
            service.kill()
        self.cluster.remove()
        shutil.rmtree(self.directory, ignore_errors=True)
