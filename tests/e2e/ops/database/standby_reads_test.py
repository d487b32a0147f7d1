"""Lists and statistics come from a standby, which lags, fails and comes back. Nothing else is read from it."""

import unittest
import urllib.request
import uuid

import grpc

from tests.e2e.wire.gateway.world import METHODS, World
from tests.support.postgres_pair import PostgresPair
from tests.support.waiting import eventually


class StandbyReadsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pair = PostgresPair()
        cls.addClassCleanup(cls.pair.remove)
        cls.world = World(DATABASE_URL=cls.pair.url(), VIBESTACK_READ_DATABASE_URL=cls.pair.standby.url())
        cls.addClassCleanup(cls.world.close)

    def setUp(self):
        self.assertTrue(eventually(self._standby_is_used), "the services do not connect to the standby")

    def test_lists_and_statistics_are_the_standbys_and_nothing_else_is(self):
        known = self.world.person()
        self.assertTrue(eventually(lambda: self._is_listed(known)))
        self._hold_up_replay()
        self.addCleanup(self._let_replay_go_on)

        person = self.world.person()  # who can log in and is let in, though no list has it
        workflow = uuid.uuid4().hex
        job = self.world.must("CreateJob", {"workflow_id": workflow}, person.token)["id"]
        self.assertEqual(self.world.must("GetJob", {"id": job}, person.token)["id"], job)
        self.assertEqual(self.world.must("GetUser", {"id": "me"}, person.token)["id"], person.id)
        self.assertEqual(self._jobs_of(person), [])
        self.assertEqual(self._count(workflow), 0)
        self.assertFalse(self._is_listed(person))
        self.world.must("UpdateUser", {"user": {"id": person.id, "is_active": False}, "update_mask": "is_active"},
                        self.world.superuser.token)
        refused = self.world.grpc.call(METHODS["GetUser"], {"id": "me"}, person.token)
        self.assertEqual(refused.code, grpc.StatusCode.UNAUTHENTICATED, refused)

        self._let_replay_go_on()
        self.assertTrue(eventually(lambda: self._is_listed(person) and self._count(workflow) == 1))

    def test_lists_go_on_from_the_primary_while_the_standby_is_away(self):
        person = self.world.person()
        self.pair.give_up_standby()
        for _ in range(20):
            job = self.world.must("CreateJob", {"workflow_id": "standby"}, person.token)["id"]
            self.assertIn(job, self._jobs_of(person))
        self.assertTrue(self._is_listed(person))
        self.assertTrue(eventually(lambda: self._live("USER_METRICS") == self._live("JOB_METRICS") == 0))
        self.pair.rebuild_standby()
        self.assertTrue(eventually(self._standby_is_used), "the services do not find the standby again")
        self._hold_up_replay()
        self.addCleanup(self._let_replay_go_on)
        late = self.world.must("CreateJob", {"workflow_id": "standby"}, person.token)["id"]
        self.assertNotIn(late, self._jobs_of(person))

    def _jobs_of(self, person):
        return [job["id"] for job in self.world.must("ListJobs", {"user_id": "me"}, person.token)["jobs"]]

    def _is_listed(self, person):
        return self.world.must("ListUsers", {"email_prefix": person.email}, self.world.superuser.token)["users"] != []

    def _count(self, workflow):
        """Returns the number of pending jobs of the workflow, by GetJobStats."""
        stats = self.world.must("GetJobStats", {"workflow_ids": [workflow]}, self.world.superuser.token)
        return stats["workflows"][0]["pending_count"]

    def _standby_is_used(self):
        """Returns whether both services have a connection to the standby."""
        return self._live("USER_METRICS") > 0 and self._live("JOB_METRICS") > 0

    def _live(self, service):
        """Returns the number of the service's connections to the standby."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.world.up.ports[service]}/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith('vibestack_db_standby_connections{state="live"}'))

    def _hold_up_replay(self):
        self.pair.standby.run("SELECT pg_wal_replay_pause()")
        self.assertTrue(eventually(lambda: self.pair.standby.run("SELECT pg_get_wal_replay_pause_state()") == [("paused",)]))

    def _let_replay_go_on(self):
        self.pair.standby.run("SELECT pg_wal_replay_resume()")


if __name__ == "__main__":
    unittest.main()
