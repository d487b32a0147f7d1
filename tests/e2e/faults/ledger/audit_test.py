"""The checks of the ledger find what they are there for. Each test breaks one promise in a job that is otherwise right."""

import unittest

from google.protobuf import timestamp_pb2

from tests.e2e.faults.ledger import inputs
from tests.e2e.faults.ledger.audit import Audit, Row
from tests.e2e.faults.ledger.memory import CALLBACK, PULLED, Job, Memory, id_of_unique_key
from vibestack.job.v1 import job_pb2, work_pb2

ID, USER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
INPUT = '{"a": [1.0, "x"]}'
START = 1_800_000_000_000_000  # microseconds


class AuditTest(unittest.TestCase):
    def setUp(self):
        self.memory = Memory()
        self.job = Job(id=ID, user_id=USER, workflow=PULLED, exact=inputs.exact_digest(INPUT), double=inputs.double_digest(INPUT),
                       size=len(INPUT), max_attempts=3)
        self.memory.add(self.job)
        self.memory.acknowledge(self.job, ID)

    def claim(self, attempt, token, errors=(), text=INPUT, asked_at=1e18, **job):
        expires_at = timestamp_pb2.Timestamp()
        expires_at.FromMicroseconds(token + 2_000_000)
        claimed = work_pb2.ClaimedJob(lease_token=token, lease_expires_at=expires_at)
        claimed.job.CopyFrom(job_pb2.Job(**{"id": ID, "attempt": attempt, "max_attempts": 3, **job}))
        for number, code in errors:
            claimed.job.errors.add(attempt=number, code=code)
        self.memory.claim(claimed, (inputs.exact_digest(text), inputs.double_digest(text)), asked_at)

    def tell(self, kind, attempt, token, code, acknowledged=True):
        told = self.memory.tell(self.job, kind, attempt, token, code)
        if acknowledged is not None:
            self.memory.settle(self.job, told, acknowledged)

    def row(self, status, payload, **more):
        return Row(**{"id": ID, "user_id": USER, "workflow": self.job.workflow, "status": status, "payload": payload,
                      "input": None if status == "completed" else INPUT, "created_at": START, "updated_at": START + 9_000_000, **more})

    def failed(self, code, errors, **more):
        listed = [{"attempt": number, "code": one, "token": token, "time": "2027-01-15T08:00:09.000000Z"} for number, one, token in errors]
        return self.row("failed", {"vibestack_job": 1, "attempts": len(errors), "errors": listed, "error": {"code": code}}, **more)

    def violations(self, *rows):
        Audit(self.memory).check(rows)
        return " | ".join(text for _, text in self.memory.violations)

    def assert_right(self, *rows):
        self.assertEqual(self.violations(*rows), "")

    def assert_blamed(self, text, *rows):
        self.assertIn(text, self.violations(*rows))

    def complete(self, acknowledged=True):
        """Two attempts: the first fails, the second completes."""
        self.claim(1, START + 1)
        self.tell("retry", 1, START + 1, "R1")
        self.claim(2, START + 2, [(1, "R1")])
        self.tell("complete", 2, START + 2, "C1", acknowledged)

    def test_a_job_that_ended_as_it_should(self):
        self.complete()
        self.assert_right(self.row("completed", {"told": "C1"}))

    def test_an_outcome_that_nobody_acknowledged_may_be_stored(self):
        self.complete(acknowledged=None)
        self.assert_right(self.row("completed", {"told": "C1"}))

    def test_a_failed_job(self):
        self.claim(1, START + 1)
        self.claim(2, START + 2, [(1, "LEASE_EXPIRED")])
        self.tell("fail", 2, START + 2, "F1")
        self.assert_right(self.failed("F1", [(1, "LEASE_EXPIRED", START + 1), (2, "F1", START + 2)]))

    def test_another_input(self):
        self.claim(1, START + 1, text='{"a": [1.1, "x"]}')
        self.assert_blamed("another input")

    def test_another_input_in_the_row(self):
        self.claim(1, START + 1)
        self.tell("fail", 1, START + 1, "F1")
        self.assert_blamed("another input", self.failed("F1", [(1, "F1", START + 1)], input="[]"))

    def test_another_input_in_a_post(self):
        self.job.workflow = CALLBACK
        self.memory.post(ID, 1, inputs.exact_digest("null"), inputs.double_digest("null"), f"{ID}-1")
        self.assert_blamed("another input")

    def test_a_lost_job(self):
        self.assert_blamed("is not in the database")

    def test_a_job_of_nobody(self):
        self.complete()
        self.assert_blamed("nobody made up", self.row("completed", {"told": "C1"}), self.row("pending", None, id=USER))

    def test_another_outcome(self):
        self.complete()
        self.assert_blamed("was acknowledged", self.row("completed", {"told": "C2"}))

    def test_a_refused_outcome(self):
        self.complete(acknowledged=False)
        self.assert_blamed("was refused and is stored", self.row("completed", {"told": "C1"}))

    def test_two_ends(self):
        self.complete()
        self.tell("fail", 2, START + 2, "F1")
        self.assert_blamed("several ends", self.row("completed", {"told": "C1"}))

    def test_a_claim_after_the_end(self):
        self.complete()
        self.claim(2, START + 3, [(1, "R1")])
        self.assert_blamed("after the end")

    def test_a_job_that_does_not_end(self):
        self.complete()
        self.assert_blamed("has not ended", self.row("pending", None))

    def test_too_many_attempts(self):
        self.claim(4, START + 1, [(1, "A"), (2, "B"), (3, "C")])
        self.assert_blamed("attempt 4 of at most 3")

    def test_a_lost_attempt(self):
        self.claim(1, START + 1)
        self.tell("retry", 1, START + 1, "R1")
        self.claim(1, START + 2)
        self.assert_blamed("was acknowledged as failed")

    def test_a_lost_error(self):
        self.claim(1, START + 1)
        self.tell("retry", 1, START + 1, "R1")
        self.claim(2, START + 2, [(1, "LEASE_EXPIRED")])
        self.tell("complete", 2, START + 2, "C1")
        self.assert_blamed("is lost", self.row("completed", {"told": "C1"}))

    def test_a_forgotten_error(self):
        self.claim(2, START + 1)
        self.assert_blamed("1 failed attempts with the errors []")

    def test_a_failure_that_nobody_told(self):
        self.claim(1, START + 1)
        self.tell("fail", 1, START + 1, "F1")
        self.assert_blamed("nobody told", self.failed("F2", [(1, "F2", START + 1)]))

    def test_a_lease_that_ran_out_early(self):
        self.claim(1, START + 8_000_000)
        self.claim(2, START + 8_500_000, [(1, "LEASE_EXPIRED")])
        self.tell("fail", 2, START + 8_500_000, "F1")
        self.assert_blamed("before its time", self.failed("F1", [(1, "LEASE_EXPIRED", START + 8_000_000), (2, "F1", START + 8_500_000)]))

    def test_a_start_before_its_time(self):
        self.job.delay = 1.0
        self.complete()
        self.assert_blamed("started before its time", self.row("completed", {"told": "C1"}))

    def test_the_digest_is_that_of_the_value(self):
        same = ('{"b": 1.50, "a": [1e2, 0.0]}', ' {"a":[100,-0],"b":15e-1} ')
        self.assertEqual(*map(inputs.exact_digest, same))
        self.assertEqual(*map(inputs.double_digest, same))
        different = (None, "null", "0", '"0"', "1", "9007199254740993", "9007199254740992", "[1]", "true")
        self.assertEqual(len({inputs.exact_digest(text) for text in different}), len(different))

    def test_the_id_of_a_unique_key(self):
        key_id = id_of_unique_key(USER, PULLED, "k")
        self.assertEqual((key_id[14], key_id[19] in "89ab", key_id == id_of_unique_key(USER, PULLED, "l")), ("4", True, False))


if __name__ == "__main__":
    unittest.main()
