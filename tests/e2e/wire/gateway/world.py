"""Both services behind the gateway, as deploy/local/up starts them, and the accounts that call them both ways."""

import os
import pathlib
import subprocess
import sys
import uuid

import grpc

from tests.support import local_up, webhook

sys.path.insert(0, str(local_up.ROOT / "deploy" / "local"))
import stubs  # noqa: E402  pylint: disable=wrong-import-position

stubs.add_to_path()
# pylint: disable=wrong-import-position
from vibestack.job.v1 import job_service_pb2  # noqa: E402
from vibestack.user.v1 import auth_service_pb2, user_service_pb2  # noqa: E402

from tests.e2e.wire.gateway.calls import Grpc, Rest  # noqa: E402

BUILD_DIR = pathlib.Path(os.environ.get("VIBESTACK_TEST_BUILD_DIR", local_up.ROOT / "build" / "release"))
PASSWORD = "correct horse battery"

SERVICES = {service.name: service for service in (
    auth_service_pb2.DESCRIPTOR.services_by_name["AuthService"],
    user_service_pb2.DESCRIPTOR.services_by_name["UserService"],
    job_service_pb2.DESCRIPTOR.services_by_name["JobService"])}
METHODS = {method.name: method for service in SERVICES.values() for method in service.methods}


class Person:
    """A logged-in account."""

    def __init__(self, user_id, email, tokens):
        self.id = user_id
        self.email = email
        self.token = tokens["access_token"]
        self.refresh_token = tokens["refresh_token"]


class World:
    """One `up` for all tests of a module. `grpc` goes to the services themselves, `rest` and `web` through the gateway."""

    def __init__(self, **environment):
        self.up = local_up.LocalUp(BUILD_DIR)
        self.webhook = webhook.Webhook()
        self.up.environment |= {"VIBESTACK_BCRYPT_COST": "4"} | self.webhook.environment(self.up.place) | environment
        code, said = self.up.run()
        if code != 0:
            self.close()
            raise AssertionError(said)
        ports = self.up.ports
        self.url = f"http://127.0.0.1:{ports['GATEWAY_PORT']}"
        self.rest = Rest("127.0.0.1", ports["GATEWAY_PORT"])
        user, job = (grpc.insecure_channel(f"127.0.0.1:{ports[name]}", options=[("grpc.enable_http_proxy", 0)])
                     for name in ("USER_PORT", "JOB_PORT"))
        self.grpc = Grpc({"AuthService": user, "UserService": user, "JobService": job})
        self.worker = (self.up.place / "worker.token").read_text(encoding="ascii").strip()
        self.superuser = self._make_superuser()

    def close(self):
        self.up.remove()
        self.webhook.close()

    def must(self, method, request, token=None):
        """Makes a call that must succeed; returns the answer as a dict."""
        answer = self.grpc.call(METHODS[method], request, token)
        if answer.code != grpc.StatusCode.OK:
            raise AssertionError(f"{method}: {answer}")
        return answer.body

    def log_in(self, email):
        return self.must("Login", {"email": email, "password": PASSWORD})

    def person(self):
        """Returns a new account."""
        email = f"{uuid.uuid4().hex}@example.org"
        user = self.must("SignUp", {"email": email, "password": PASSWORD})
        return Person(user["id"], email, self.log_in(email))

    def database_url(self):
        """Returns DATABASE_URL if it was set, else the URL of the world's own PostgreSQL."""
        return self.up.environment.get("DATABASE_URL") or self._own_database_url()

    def _own_database_url(self):
        return subprocess.run([local_up.ROOT / "deploy" / "local" / "postgres", "url", self.up.place / "postgres", "vibestack"],
                              capture_output=True, text=True, check=True).stdout.strip()

    def query(self, sql):
        """Runs a query; returns the first column."""
        return subprocess.run(["psql", "-qXAt", self.database_url(), "-c", sql],
                              capture_output=True, text=True, check=True).stdout.split()

    def _make_superuser(self):
        email = f"{uuid.uuid4().hex}@example.org"
        environment = {**self.up.environment, "DATABASE_URL": self.database_url(), "VIBESTACK_PASSWORD": PASSWORD}
        made = subprocess.run([BUILD_DIR / "user_service" / "user_service", "create-superuser", "--email", email],
                              env=environment, capture_output=True, text=True, check=True)
        return Person(made.stdout.strip(), email, self.log_in(email))
