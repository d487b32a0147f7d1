"""Replicas restart one at a time, under load through the gateway."""

import unittest

from tests.e2e.wire.gateway import replicas
from tests.e2e.wire.gateway.calls import Rest
from tests.e2e.wire.gateway.load import Load
from tests.e2e.wire.gateway.world import World
from tests.support.waiting import eventually


class RestartTest(unittest.TestCase):
    def test_replicas_restarted_one_at_a_time_fail_no_read_and_no_create_that_is_repeated(self):
        world = World()
        self.addCleanup(world.close)
        users, jobs = [], []
        for _ in range(2):
            process, address = replicas.replica(world, "user_service", f"--keys_dir={world.up.place / 'keys'}")
            self.addCleanup(process.stop)
            users.append((process, address))
        for _, user_address in users:
            process, address = replicas.replica(
                world, "job_service", f"--user_service_address={user_address}",
                f"--service_token_file={world.up.place / 'job_service.token'}", "--owner_ttl=1s", "--owner_stale=10s")
            self.addCleanup(process.stop)
            jobs.append((process, address))
        gateway, port, admin = replicas.gateway(world, [address for _, address in users], [address for _, address in jobs])
        self.addCleanup(gateway.stop)
        self._await(lambda: replicas.all_are_in_use(admin), "a replica is not used")
        load = Load(Rest("127.0.0.1", port), world.person())
        self.addCleanup(load.stop)
        for process, _ in jobs + users:
            self._await_calls(load, 200)
            self.assertEqual(process.stop(), 0)
            self._await_calls(load, 200)
            process.start()
            # The next replica stops only after this one is back, as in a rollout.
            self._await(lambda: replicas.all_are_in_use(admin), "a replica is not used again")
        self._await_calls(load, 200)
        load.stop()
        print(f"\nrestart: {dict(load.answers)}; {len(load.refused)} of {load.total()} calls failed, in {len(jobs + users)} restarts")
        log = (world.up.place / "log" / f"gateway-{port}.log").read_text(encoding="utf-8")
        failed = "\n".join([line for line in log.splitlines() if '"status":503' in line or '"status":499' in line][:20])
        # The gateway must not repeat a write whose connection broke after the write started. The caller may, with the same id.
        self.assertEqual([other for other in load.others if other[0] != "create"], [], failed)
        self.assertLessEqual(len(load.refused), 5, failed)
        self.assertEqual({status for kind, status, _ in load.others} - {499, 503}, set(), failed)
        found = set(world.query("SELECT id FROM agent_jobs WHERE workflow_id = 'restart'"))
        self.assertEqual(load.created - found, set())

    def _await_calls(self, load, count):
        """Waits until that many more calls have answers."""
        target = load.total() + count
        self._await(lambda: load.total() >= target, "no calls are answered any more")

    def _await(self, condition, otherwise):
        self.assertTrue(eventually(condition, 60), otherwise)


if __name__ == "__main__":
    unittest.main()
