"""A SQLAlchemy program and the services work on the same jobs: on rows from before the adoption, and on each other's rows."""

import unittest
import uuid

import grpc
import psycopg
import sqlalchemy as sa
from sqlalchemy import orm

from tests.e2e.wire.gateway.world import METHODS, World
from tests.support import foreign_database
from tests.support.foreign_database import AgentJob
from tests.support.postgres_pair import Cluster
from tests.support.waiting import eventually

# The keys of the envelope (DB_SCHEMA.md).
KEYS = {"vibestack_job", "input", "progress", "attempts", "errors", "not_before", "schedule", "max_attempts", "error"}
LIKE_AN_ENVELOPE = {"vibestack_job": 1, "input": "no input", "attempts": 9}
# What the program keeps in result_payload of jobs that are not completed. None is JSON null, as SQLAlchemy stores it.
OF_THE_PROGRAM = (None, 0, "text", [1, {"a": None}], {}, {"input": 1, "attempts": 2, "error": {"code": "CANCELLED"}}, {"vibestack_job": 2},
                  {"vibestack_job": "1"}, {"awaiting": "nothing"})


class ForeignProgramTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.start()
        database = foreign_database.create(cls.cluster.script("url", "postgres"))
        cls.engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database.url))
        cls.addClassCleanup(cls.engine.dispose)
        # Before the services.
        cls.owner = foreign_database.PEOPLE[1].id
        cls.waiting = [cls.insert(workflow_id="before", result_payload=payload) for payload in OF_THE_PROGRAM]
        cls.failed = [cls.insert(workflow_id="before", status="failed", result_payload=payload) for payload in OF_THE_PROGRAM]
        cls.completed = [cls.insert(workflow_id="before", status="completed", result_payload=payload)
                         for payload in (*OF_THE_PROGRAM, LIKE_AN_ENVELOPE)]
        cls.world = World(DATABASE_URL=database.url)
        cls.addClassCleanup(cls.world.close)

    @classmethod
    def insert(cls, **columns):
        """Inserts a job as the program does; returns its id."""
        with orm.Session(cls.engine) as session, session.begin():
            job = AgentJob(user_id=cls.owner, **columns)
            session.add(job)
            session.flush()
            return job.id

    def stored(self, job_id):
        """Returns (status, result_payload) as the program reads them."""
        with orm.Session(self.engine) as session:
            job = session.get(AgentJob, uuid.UUID(str(job_id)))
            return job.status, job.result_payload

    def update(self, job_id, **columns):
        with orm.Session(self.engine) as session, session.begin():
            job = session.get(AgentJob, uuid.UUID(str(job_id)))
            for name, value in columns.items():
                setattr(job, name, value)

    def read(self, job_id, view="FULL"):
        return self.world.must("GetJob", {"id": str(job_id), "view": view}, self.world.worker)

    def claim(self, workflow, wait="10s"):
        jobs = self.world.must("ClaimJobs", {"workflow_ids": [workflow], "wait": wait}, self.world.worker)["jobs"]
        return jobs[0] if jobs else None

    def complete(self, claimed, result):
        return self.world.grpc.call(METHODS["CompleteJob"], {
            "id": claimed["job"]["id"], "lease_token": claimed["lease_token"], "result_payload": result}, self.world.worker)

    def fail(self, claimed, **more):
        return self.world.must("FailJob", {"id": claimed["job"]["id"], "lease_token": claimed["lease_token"], "code": "BROKEN", **more},
                               self.world.worker)

    def create(self, workflow, **more):
        return self.world.must("CreateJob", {"workflow_id": workflow, "user_id": str(self.owner), **more}, self.world.worker)

    @staticmethod
    def reason(answer):
        return answer.body["details"][0]["reason"]

    def test_1_rows_from_before_stay_as_they_are_and_are_shown_as_results(self):
        for ids, status, payloads in ((self.waiting, "pending", OF_THE_PROGRAM), (self.failed, "failed", OF_THE_PROGRAM),
                                      (self.completed, "completed", (*OF_THE_PROGRAM, LIKE_AN_ENVELOPE))):
            for job_id, payload in zip(ids, payloads):
                with self.subTest(f"{status} {payload}"):
                    self.assertEqual(self.stored(job_id), (status, payload))
                    job = self.read(job_id)
                    self.assertEqual((job["status"], job["result_payload"]), (status.upper(), payload))
                    self.assertNotIn("input", job)
                    self.assertEqual(job["errors"], [])
                    self.assertEqual(job["attempt"], {"pending": 1, "failed": 0, "completed": 0}[status])

    def test_2_a_worker_completes_rows_from_before(self):
        expected = {str(job_id): payload for job_id, payload in zip(self.waiting, OF_THE_PROGRAM)}
        while expected:
            claimed = self.claim("before", wait="0s")
            job_id = claimed["job"]["id"]
            with self.subTest(expected.pop(job_id)):
                self.assertNotIn("input", claimed["job"])
                self.assertEqual(claimed["job"]["attempt"], 1)
                self.assertEqual(self.complete(claimed, LIKE_AN_ENVELOPE).code, grpc.StatusCode.OK)
                self.assertEqual(self.stored(job_id), ("completed", LIKE_AN_ENVELOPE))
                self.assertEqual(self.read(job_id)["result_payload"], LIKE_AN_ENVELOPE)
        self.assertIsNone(self.claim("before", wait="0s"))

    def test_3_failed_rows_from_before_run_again(self):
        for job_id, payload in zip(self.failed, OF_THE_PROGRAM):
            with self.subTest(payload):
                job = self.world.must("RetryJob", {"id": str(job_id)}, self.world.worker)
                self.assertEqual((job["status"], job["attempt"]), ("PENDING", 2))
                claimed = self.claim("before")
                self.assertEqual(claimed["job"]["id"], str(job_id))
                self.assertNotIn("input", claimed["job"])
                self.assertEqual(self.complete(claimed, {"ok": True}).code, grpc.StatusCode.OK)
                self.assertEqual(self.stored(job_id), ("completed", {"ok": True}))

    def test_4_rows_that_the_program_inserts_meanwhile_are_worked_on(self):
        for payload in OF_THE_PROGRAM:
            with self.subTest(payload):
                workflow = uuid.uuid4().hex
                job_id = self.insert(workflow_id=workflow, status=sa.null(), result_payload=payload)
                claimed = self.claim(workflow)
                self.assertEqual(claimed["job"]["id"], str(job_id))
                # Its JSON becomes the progress of the next attempt.
                self.assertEqual(self.fail(claimed, retryable=True, retry_delay="0s")["status"], "PENDING")
                status, envelope = self.stored(job_id)
                self.assertEqual((status, envelope["vibestack_job"], envelope["progress"]), ("pending", 1, payload))
                self.assertLessEqual(envelope.keys(), KEYS)
                claimed = self.claim(workflow)
                self.assertEqual((claimed["job"]["attempt"], [error["code"] for error in claimed["job"]["errors"]]), (2, ["BROKEN"]))
                self.assertEqual(self.complete(claimed, payload).code, grpc.StatusCode.OK)
                self.assertEqual(self.stored(job_id), ("completed", payload))

    def test_5_the_program_reads_the_output_of_completed_jobs_alone(self):
        for given in ({"n": 1}, None, LIKE_AN_ENVELOPE, "x" * 10_000):
            with self.subTest(str(given)[:20]):
                workflow = uuid.uuid4().hex
                job_id = self.create(workflow, input=given, max_attempts=5)["id"]
                self.assertEqual(self.stored(job_id), ("pending", {"vibestack_job": 1, "input": given, "max_attempts": 5}))
                self.fail(self.claim(workflow), retryable=True, retry_delay="0s")
                claimed = self.claim(workflow)
                self.assertEqual(claimed["job"]["input"], given)
                status, envelope = self.stored(job_id)
                self.assertEqual((status, envelope["input"], envelope["attempts"]), ("processing", given, 1))
                self.assertLessEqual(envelope.keys(), KEYS)
                self.assertEqual(self.complete(claimed, {"output": given}).code, grpc.StatusCode.OK)
                self.assertEqual(self.stored(job_id), ("completed", {"output": given}))

    def test_6_the_program_ends_jobs_of_the_services(self):
        workflow = uuid.uuid4().hex
        job_id = self.create(workflow, input={"n": 1})["id"]
        claimed = self.claim(workflow)
        self.update(job_id, status="completed", result_payload={"by": "the program"})
        self.assertEqual(self.reason(self.complete(claimed, {"late": True})), "LEASE_LOST")
        self.assertEqual(self.read(job_id)["result_payload"], {"by": "the program"})
        self.assertEqual(self.stored(job_id), ("completed", {"by": "the program"}))

        job_id = self.create(workflow, input={"n": 2})["id"]
        self.update(job_id, status="failed", result_payload="no luck")
        job = self.read(job_id)
        self.assertEqual((job["status"], job["result_payload"]), ("FAILED", "no luck"))
        self.assertNotIn("input", job)
        self.world.must("RetryJob", {"id": job_id}, self.world.worker)
        claimed = self.claim(workflow)
        self.assertEqual((claimed["job"]["id"], claimed["job"]["attempt"]), (job_id, 2))
        self.assertEqual(self.complete(claimed, {"ok": True}).code, grpc.StatusCode.OK)

    def test_7_a_status_that_the_program_changes_leaves_the_input(self):
        workflow = uuid.uuid4().hex
        job_id = self.create(workflow, input={"n": 3})["id"]
        claimed = self.claim(workflow)
        self.update(job_id, status="pending")
        again = self.claim(workflow)
        self.assertEqual((again["job"]["id"], again["job"]["input"], again["job"]["attempt"]), (job_id, {"n": 3}, 1))
        self.assertEqual(self.reason(self.complete(claimed, {"late": True})), "LEASE_LOST")
        self.update(job_id, status="failed")
        job = self.read(job_id)
        self.assertEqual((job["status"], job["input"]), ("FAILED", {"n": 3}))
        self.assertNotIn("result_payload", job)
        self.world.must("RetryJob", {"id": job_id}, self.world.worker)
        self.assertEqual(self.claim(workflow)["job"]["input"], {"n": 3})

    def test_8_the_program_may_write_an_envelope(self):
        workflow = uuid.uuid4().hex
        job_id = self.insert(workflow_id=workflow, result_payload={"vibestack_job": 1, "input": {"from": "the program"}, "max_attempts": 1})
        claimed = self.claim(workflow)
        self.assertEqual((claimed["job"]["input"], claimed["job"]["max_attempts"]), ({"from": "the program"}, 1))
        self.assertEqual(self.fail(claimed, retryable=True)["status"], "FAILED")
        self.assertEqual(self.read(job_id)["input"], {"from": "the program"})

        # A start at a time that is none is a start at once.
        for start in ("whenever", "", 7, None, [1], "2001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z",
                      "99999-01-01T00:00:00Z", "infinite-future"):
            with self.subTest(start):
                nonsense = {"vibestack_job": 1, "schedule": "waiting", "not_before": start, "attempts": "many", "errors": 7,
                            "max_attempts": -3, "input": [start]}
                job_id = self.insert(workflow_id=workflow, result_payload=nonsense)
                claimed = self.claim(workflow)
                self.assertEqual((claimed["job"]["id"], claimed["job"]["input"]), (str(job_id), [start]))
                self.assertEqual(self.fail(claimed, retryable=True)["status"], "FAILED", "the least number of attempts is 1")
                self.assertEqual([error["attempt"] for error in self.read(job_id)["errors"]], [1])

    def test_9_after_the_services_the_program_goes_on(self):
        scheduled = self.create("after", input={"n": 4}, delay="3600s")["id"]
        code, said = self.world.up.run("down")
        self.assertEqual(code, 0, said)
        status, envelope = self.stored(scheduled)
        self.assertEqual((status, envelope["input"], envelope["schedule"]), ("pending", {"n": 4}, "waiting"))
        self.update(scheduled, status="completed", result_payload={"n": 8})
        self.assertEqual(self.stored(scheduled), ("completed", {"n": 8}))
        mine = self.insert(workflow_id="after")
        self.assertEqual(self.stored(mine), ("pending", None))
        with orm.Session(self.engine) as session:
            done = session.scalars(sa.select(AgentJob.result_payload).where(AgentJob.status == "completed")).all()
        self.assertGreater(len(done), 20)
        self.assertEqual([payload for payload in done if isinstance(payload, dict) and payload.keys() & KEYS
                          and payload not in (LIKE_AN_ENVELOPE, *OF_THE_PROGRAM)], [])


if __name__ == "__main__":
    unittest.main()
