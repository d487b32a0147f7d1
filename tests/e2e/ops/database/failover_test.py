"""The primary PostgreSQL fails under full load and its synchronous standby is promoted, several times."""

import threading
import time
import unittest
import uuid

import grpc

from tests.e2e.wire.gateway.world import METHODS, PASSWORD, World
from tests.support.postgres_pair import PostgresPair
from tests.support.waiting import eventually

ROUNDS = 10
WORKFLOW = "failover"
# A caller repeats a call with these codes, because its outcome is unknown.
UNKNOWN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
# The longest outage in seconds, from the loss to the first success: the promotion, and the services' backoff of two seconds.
LONGEST_GAP = 30


def lost_its_lease(answer):
    """Returns whether the answer says that the worker's lease expired and another worker has the job."""
    return answer.code == grpc.StatusCode.ABORTED and [detail.get("reason") for detail in answer.body["details"]] == ["LEASE_LOST"]


class Load:
    """Threads that sign users up, create jobs and work on them, and everything that the services acknowledged."""

    def __init__(self, world, person):
        self._world, self._person = world, person
        self._creating, self._working = threading.Event(), threading.Event()
        self._creating.set()
        self._working.set()
        self._lock = threading.Lock()
        self.users, self.jobs, self.results = set(), set(), {}
        self.acknowledged_at = {"SignUp": [], "CreateJob": [], "CompleteJob": []}
        self.surprises = []
        steps = [self._sign_up] * 2 + [self._create] * 4 + [self._work] * 3
        self._threads = [threading.Thread(target=self._run, args=(step,)) for step in steps]
        for thread in self._threads:
            thread.start()

    def stop_creating(self):
        self._creating.clear()

    def stop(self):
        self._creating.clear()
        self._working.clear()
        for thread in self._threads:
            thread.join()

    def count(self, method):
        with self._lock:
            return len(self.acknowledged_at[method])

    def longest_gap(self, method, begin):
        """Returns the longest time in seconds since `begin` without a successful call of the method."""
        with self._lock:
            times = [begin] + sorted(at for at in self.acknowledged_at[method] if at >= begin)
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=0)

    def _run(self, step):
        until = self._working if step == self._work else self._creating  # pylint: disable=comparison-with-callable
        while until.is_set():
            step()

    def _call(self, method, request, token=None, is_fine=lambda answer: False):
        """Makes a call that may succeed, have an unknown outcome, or have an answer that `is_fine` accepts."""
        answer = self._world.grpc.call(METHODS[method], request, token)
        if answer.code != grpc.StatusCode.OK and answer.code not in UNKNOWN and not is_fine(answer):
            with self._lock:
                self.surprises.append((method, answer))
        return answer

    def _note(self, method, keep):
        with self._lock:
            self.acknowledged_at[method].append(time.monotonic())
            keep()

    def _sign_up(self):
        answer = self._call("SignUp", {"email": f"{uuid.uuid4().hex}@example.org", "password": PASSWORD})
        if answer.code == grpc.StatusCode.OK:
            self._note("SignUp", lambda: self.users.add(answer.body["id"]))

    def _create(self):
        request = {"id": str(uuid.uuid4()), "workflow_id": WORKFLOW}
        while self._working.is_set():
            if self._call("CreateJob", request, self._person.token).code == grpc.StatusCode.OK:
                self._note("CreateJob", lambda: self.jobs.add(request["id"]))
                return

    def _work(self):
        claimed = self._call("ClaimJobs", {"workflow_ids": [WORKFLOW], "max_jobs": 20, "wait": "1s"}, self._world.worker)
        for one in claimed.body.get("jobs", ()) if claimed.code == grpc.StatusCode.OK else ():
            self._complete(one["job"]["id"], one["lease_token"])

    def _complete(self, job_id, lease_token):
        result = {"done": uuid.uuid4().hex}
        request = {"id": job_id, "lease_token": lease_token, "result_payload": result}
        while self._working.is_set():
            answer = self._call("CompleteJob", request, self._world.worker, lost_its_lease)
            if answer.code == grpc.StatusCode.OK:
                self._note("CompleteJob", lambda: self.results.setdefault(job_id, []).append(result["done"]))
                return
            if answer.code not in UNKNOWN:
                return


class FailoverTest(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_or_done_twice_when_the_standby_is_promoted(self):
        pair = PostgresPair()
        self.addCleanup(pair.remove)
        world = World(DATABASE_URL=pair.url(), VIBESTACK_LEASE_DURATION="5s")
        self.addCleanup(world.close)
        load = Load(world, world.person())
        self.addCleanup(load.stop)
        gaps = []
        for _ in range(ROUNDS):
            self._await_more(load)
            lost_at = time.monotonic()
            pair.fail_over()
            self._await_more(load)
            gaps.append(max(load.longest_gap(method, lost_at) for method in load.acknowledged_at))
            pair.rebuild_standby()
        load.stop_creating()
        self.assertTrue(eventually(lambda: self._open_jobs(pair) == 0, 60), "jobs do not end")
        load.stop()
        print(f"\nfailover: {ROUNDS} rounds; {len(load.users)} users, {len(load.jobs)} jobs and {len(load.results)} results "
              f"acknowledged; without service for {', '.join(f'{gap:.2f}' for gap in gaps)} s")
        self.assertEqual(load.surprises, [])
        self.assertLess(max(gaps), LONGEST_GAP)
        self.assertEqual(load.users - self._column(pair, "SELECT id FROM users"), set())
        stored = dict(pair.primary.run("SELECT id::text, result_payload ->> 'done' FROM agent_jobs"))
        self.assertEqual(load.jobs - stored.keys(), set())
        self.assertEqual({job: results for job, results in load.results.items() if results != [stored.get(job)]}, {})

    def _open_jobs(self, pair):
        return pair.primary.run("SELECT count(*) FROM agent_jobs WHERE status IN ('pending', 'processing')")[0][0]

    def _column(self, pair, sql):
        return {str(row[0]) for row in pair.primary.run(sql)}

    def _await_more(self, load):
        """Waits until that many more calls of each kind have succeeded."""
        target = {method: load.count(method) + 50 for method in load.acknowledged_at}
        self.assertTrue(eventually(lambda: all(load.count(method) >= wanted for method, wanted in target.items()), 60),
                        "calls have no success any more")


if __name__ == "__main__":
    unittest.main()
