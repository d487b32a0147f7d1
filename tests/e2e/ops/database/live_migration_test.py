"""Migrations of a database with a million jobs, while both services work on it."""

import os
import pathlib
import subprocess
import sys
import threading
import time
import unittest
import uuid

import grpc
import psycopg

from tests.e2e.wire.gateway.world import METHODS, World
from tests.support import migration
from tests.support.waiting import eventually

UPGRADE = pathlib.Path(__file__).parent / "live_migrations" / "upgrade.py"
JOBS = 1_000_000
LONGEST = 1.0  # Seconds that a call may take; a lock that is waited for takes up to half of it.

FILL = """
INSERT INTO agent_jobs (id, user_id, workflow_id, status, created_at)
SELECT gen_random_uuid(), %s, 'old ' || n %% 7, 'completed', now() - n * interval '1 second' FROM generate_series(1, %s) AS n
"""


class Load:
    """Threads that call both services, and the duration of the longest call of each method."""

    def __init__(self, world, person):
        self._world, self._person = world, person
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.longest, self.calls, self.failures = {}, 0, []
        self._threads = [threading.Thread(target=self._run) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def forget(self):
        with self._lock:
            self.longest, self.calls = {}, 0

    def _run(self):
        while not self._stopping.is_set():
            job_id = str(uuid.uuid4())
            self._call("CreateJob", {"id": job_id, "workflow_id": "live"}, self._person.token)
            self._call("GetJob", {"id": job_id}, self._person.token)
            self._call("ListJobs", {"user_id": "me", "page_size": 10}, self._person.token)
            self._call("ClaimJobs", {"workflow_ids": ["live"]}, self._world.worker)
            self._call("UpdateUser", {"user": {"id": "me", "bio": job_id}, "update_mask": "bio"}, self._person.token)

    def _call(self, method, request, token):
        began = time.monotonic()
        answer = self._world.grpc.call(METHODS[method], request, token)
        took = time.monotonic() - began
        with self._lock:
            self.calls += 1
            self.longest[method] = max(took, self.longest.get(method, 0))
            if answer.code != grpc.StatusCode.OK:
                self.failures.append((method, answer))


class LiveMigrationTest(unittest.TestCase):
    """These tests run in the order of their numbers. Each continues with the schema that the previous one left."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.person = cls.world.person()
        with psycopg.connect(cls.world.database_url(), autocommit=True) as connection:
            connection.execute(FILL, (cls.person.id, JOBS))
            connection.execute("ANALYZE agent_jobs")

    def test_1_an_index_on_a_million_rows_holds_up_no_call(self):
        load = self._load()
        runners = [self._start("vibestack_9001") for _ in range(2)]
        for runner in runners:
            said, _ = runner.communicate(timeout=120)
            self.assertEqual(runner.returncode, 0, said)
        self._expect_undisturbed(load)
        self.assertEqual(self.world.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'vibestack_of_the_tests'::regclass"), ["t"])

    def test_2_a_strong_lock_behind_a_long_transaction_is_given_up_and_tried_again(self):
        load = self._load()
        with psycopg.connect(self.world.database_url()) as holder:
            holder.execute("SELECT count(*) FROM (SELECT 1 FROM agent_jobs LIMIT 1) AS one")
            runner = self._start("vibestack_9002")
            # The migration failed to get the lock three times, and the calls queued behind it continued.
            for _ in range(3):
                self.assertTrue(eventually(lambda: "trying again" in runner.stdout.readline()))
        said, _ = runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, 0, said)
        self._expect_undisturbed(load)

    def test_3_a_build_that_was_broken_off_is_made_anew(self):
        with psycopg.connect(self.world.database_url(), autocommit=True) as connection:
            connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'vibestack_of_the_tests'::regclass")
            connection.execute("UPDATE alembic_version SET version_num = %s", (f"vibestack_{migration.NEWEST:04d}",))
        runner = self._start("vibestack_9001")
        said, _ = runner.communicate(timeout=120)
        self.assertEqual(runner.returncode, 0, said)
        self.assertEqual(self.world.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'vibestack_of_the_tests'::regclass"), ["t"])

    def test_4_a_column_that_becomes_wider_disturbs_no_call(self):
        load = self._load()
        with psycopg.connect(self.world.database_url(), autocommit=True) as connection:
            for length in (200, 300):
                connection.execute(f"ALTER TABLE users ALTER COLUMN full_name TYPE varchar({length})")
                seen = load.calls
                self.assertTrue(eventually(lambda: load.calls > seen + 100))
        self._expect_undisturbed(load)

    def _load(self):
        load = Load(self.world, self.person)
        self.addCleanup(load.stop)
        self.assertTrue(eventually(lambda: load.calls > 100))
        load.forget()
        return load

    def _expect_undisturbed(self, load):
        load.stop()
        print(f"\n{self.id().rpartition('.')[2]}: {load.calls} calls, the longest of each method in seconds: "
              f"{ {method: round(took, 3) for method, took in load.longest.items()} }")
        self.assertEqual(load.failures, [])
        self.assertGreater(load.calls, 100)
        self.assertLess(max(load.longest.values()), LONGEST)

    def _start(self, revision):
        environment = {**os.environ, "DATABASE_URL": self.world.database_url(), "PYTHONUNBUFFERED": "1"}
        runner = subprocess.Popen([sys.executable, UPGRADE, revision], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        self.addCleanup(runner.stdout.close)
        self.addCleanup(runner.kill)
        return runner


if __name__ == "__main__":
    unittest.main()
