"""One small program for each language uses generated stubs to sign up, log in, create a job, work on it and wait for it."""

import json
import re
import subprocess
import unittest
import uuid

from tests.e2e.wire.clients.build import Builder, environment, run
from tests.e2e.wire.gateway.world import BUILD_DIR, World
from tests.support import local_up

WORLD = None
BUILDER = Builder(BUILD_DIR, BUILD_DIR / "tests" / "e2e" / "clients")


def setUpModule():
    global WORLD  # pylint: disable=global-statement
    WORLD = World()
    unittest.addModuleCleanup(WORLD.close)


def direct(world):
    """The addresses of the services."""
    return ["--user_service", f"127.0.0.1:{world.up.ports['USER_PORT']}", "--job_service", f"127.0.0.1:{world.up.ports['JOB_PORT']}"]


def through_gateway(world):
    return ["--gateway", world.url]


class Client:
    """A built program, and the command that runs it."""

    def __init__(self, command, where):
        self._command, self._where = command, where

    def run(self, *options, where=None, token="worker.token"):
        """Runs the program to its end; returns its exit code, output and errors."""
        command = [*self._command, *(where or self._where), "--worker_token_file", WORLD.up.place / token, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment())
        return done.returncode, done.stdout, done.stderr


class ClientsTest(unittest.TestCase):
    def test_python_program_does_the_whole_job(self):
        self.check(Client(BUILDER.python(), direct(WORLD)), "example-python")

    def test_go_program_does_the_whole_job(self):
        self.check(Client(BUILDER.go(), direct(WORLD)), "example-go")

    def test_typescript_program_does_the_whole_job_through_the_gateway(self):
        self.check(Client(BUILDER.typescript(), through_gateway(WORLD)), "example-typescript", ["--gateway", "http://127.0.0.1:1"])

    def test_cpp_program_does_the_whole_job_with_the_installed_package(self):
        client = Client(BUILDER.cpp(), direct(WORLD))
        package = list(BUILDER.prefix.rglob("*.cmake"))
        self.assertGreater(len(package), 2)
        for path in package:
            self.assertNotIn(str(local_up.ROOT), path.read_text(encoding="utf-8"), f"{path}: the package can be moved")
        self.check(client, "example-cpp")

    def check(self, client, workflow, nowhere=("--user_service", "127.0.0.1:1")):
        """Compares a program's output with the stored job, and checks how the program fails."""
        email = f"{uuid.uuid4().hex}@example.org"
        self.completes(client, workflow, email)
        with self.subTest("the program prints the reason of a refused call"):
            self.fails(client, "EMAIL_TAKEN", "--email", email)
        with self.subTest("a violated field is named"):
            self.fails(client, r"INVALID_ARGUMENT|InvalidArgument|code 3", "--email", "nobody")
            self.fails(client, r"; email: ", "--email", "nobody")
        with self.subTest("a failing worker ends the wait"):
            self.fails(client, "ROLE_REQUIRED", token="user.token")
        with self.subTest("the program reports an absent service"):
            self.fails(client, r"UNAVAILABLE|Unavailable|code 14", where=nowhere)

    def completes(self, client, workflow, email):
        code, output, errors = client.run("--email", email)
        self.assertEqual((code, errors), (0, ""), output)
        printed = re.fullmatch(r"job (\S+) COMPLETED (.*)\n", output)
        self.assertIsNotNone(printed, output)
        stored = WORLD.must("GetJob", {"id": printed[1]}, WORLD.worker)
        owner = WORLD.must("GetUserByEmail", {"email": email}, WORLD.superuser.token)["id"]
        self.assertEqual((stored["workflow_id"], stored["user_id"], stored["status"]), (workflow, owner, "COMPLETED"))
        self.assertEqual(stored["result_payload"], {"summary": f"done for {owner}"})
        self.assertEqual(json.loads(printed[2]), stored["result_payload"])

    def fails(self, client, why, *options, **place):
        (WORLD.up.place / "user.token").write_text(WORLD.person().token, encoding="ascii")
        code, output, errors = client.run(*options, **place)
        self.assertEqual((code, output), (1, ""), errors)
        self.assertRegex(errors, why)


class GeneratorTest(unittest.TestCase):
    def test_another_language_is_refused(self):
        with self.assertRaisesRegex(AssertionError, "python, go or typescript"):
            run([local_up.ROOT / "deploy" / "stubs" / "generate", "cobol", BUILDER.prefix])


if __name__ == "__main__":
    unittest.main()
