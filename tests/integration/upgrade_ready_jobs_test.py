"""Upgrades a database of version 3 to version 4: other indexes, and pending jobs that a program of version 3 marked."""

import json
import unittest

import psycopg

from tests.support import migration

INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'vibestack%' ORDER BY 1"
NEW = {"vibestack_jobs_ready", "vibestack_jobs_ready_user", "vibestack_jobs_scheduled", "vibestack_jobs_dispatched"}
REPLACED = {"vibestack_jobs_claim", "vibestack_jobs_claim_user", "vibestack_jobs_awaiting_input"}
# What made a database of version 3 differ. A new database has the new indexes from its first revision on.
EARLIER = """
DROP INDEX vibestack_jobs_ready, vibestack_jobs_ready_user, vibestack_jobs_scheduled, vibestack_jobs_dispatched;
CREATE INDEX vibestack_jobs_claim ON agent_jobs (workflow_id, created_at, id) WHERE coalesce(status, 'pending') = 'pending';
CREATE INDEX vibestack_jobs_claim_user ON agent_jobs (workflow_id, user_id, created_at, id)
  WHERE coalesce(status, 'pending') = 'pending';
CREATE INDEX vibestack_jobs_awaiting_input ON agent_jobs (workflow_id, updated_at)
  WHERE coalesce(status, 'pending') = 'pending' AND result_payload IS NOT NULL;
"""
# The status and payload of a job before, and the payload after; "gone" for a row that goes.
ROWS = (
    (None, None, None),
    ("pending", None, None),
    ("pending", {"awaiting": "dispatch"}, None),
    (None, {"awaiting": "dispatch"}, None),
    ("pending", {"awaiting": "input"}, "gone"),
    (None, {"awaiting": "input"}, "gone"),
    ("pending", {"awaiting": "acceptance"}, "gone"),
    ("pending", {"awaiting": "lunch"}, {"awaiting": "lunch"}),
    ("pending", {"awaiting": "input", "percent": 3}, {"awaiting": "input", "percent": 3}),
    ("pending", {"awaiting": ["input"]}, {"awaiting": ["input"]}),
    ("pending", ["awaiting", "input"], ["awaiting", "input"]),
    ("pending", {"percent": 40}, {"percent": 40}),
    ("processing", {"awaiting": "input"}, {"awaiting": "input"}),
    ("completed", {"awaiting": "input"}, {"awaiting": "input"}),
    ("failed", {"awaiting": "dispatch"}, {"awaiting": "dispatch"}),
)


class UpgradeReadyJobsTest(migration.ScratchCase):
    def setUp(self) -> None:
        super().setUp()
        self.url = self.scratch()
        migration.upgrade(self.url, "vibestack_0003")
        self.connection = psycopg.connect(self.url, autocommit=True)
        self.addCleanup(self.connection.close)
        self.connection.execute(EARLIER)

    def indexes(self) -> dict[str, str]:
        return dict(self.connection.execute(INDEXES).fetchall())

    def test_indexes_are_those_of_a_new_database(self) -> None:
        self.assertEqual(self.indexes().keys() & (NEW | REPLACED), REPLACED)
        migration.upgrade(self.url, "vibestack_0004")
        found = self.indexes()
        self.assertEqual(found.keys() & (NEW | REPLACED), NEW)
        fresh = self.scratch()
        migration.upgrade(fresh, "vibestack_0004")
        with psycopg.connect(fresh) as connection:
            self.assertEqual(found, dict(connection.execute(INDEXES).fetchall()))
        invalid = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
        self.assertEqual(self.connection.execute(invalid).fetchall(), [])

    def test_index_of_an_interrupted_build_is_built_again(self) -> None:
        self.connection.execute("CREATE INDEX vibestack_jobs_ready ON agent_jobs (workflow_id)")
        self.connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'vibestack_jobs_ready'::regclass")
        migration.upgrade(self.url, "vibestack_0004")
        self.assertIn("created_at", self.indexes()["vibestack_jobs_ready"])

    def test_marked_jobs_are_converted_and_others_stay(self) -> None:
        insert = (
            "INSERT INTO agent_jobs (id, workflow_id, status, result_payload)"
            " VALUES (gen_random_uuid(), 'w', %s, %s) RETURNING id"
        )
        ids = []
        for status, payload, _ in ROWS:
            text = None if payload is None else json.dumps(payload)
            ids.append(self.connection.execute(insert, (status, text)).fetchone()[0])
        migration.upgrade(self.url, "vibestack_0004")
        rows = {row[0]: row[1:] for row in self.connection.execute("SELECT id, status, result_payload FROM agent_jobs")}
        for key, (status, payload, expected) in zip(ids, ROWS):
            with self.subTest(status=status, payload=payload):
                self.assertEqual(rows.get(key, "gone"), expected if expected == "gone" else (status, expected))

    def test_jobs_are_written_while_the_indexes_are_built(self) -> None:
        self.connection.execute(
            "INSERT INTO agent_jobs (id, workflow_id, result_payload) SELECT gen_random_uuid(), 'w',"
            """ CASE n % 4 WHEN 0 THEN '{"awaiting": "dispatch"}'::jsonb WHEN 1 THEN '[1]' END FROM generate_series(1, 2000) AS n"""
        )
        runner = migration.start(self.url)
        written = 0
        while runner.poll() is None:
            self.connection.execute("INSERT INTO agent_jobs (id, workflow_id) VALUES (gen_random_uuid(), 'w')")
            written += 1
        _, said = runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, 0, said)
        self.assertGreater(written, 0)
        count = "SELECT count(*), count(*) FILTER (WHERE result_payload IS NOT NULL) FROM agent_jobs"
        self.assertEqual(self.connection.execute(count).fetchone(), (2000 + written, 500))
        self.assertEqual(self.indexes().keys() & (NEW | REPLACED), NEW)

    def test_programs_of_version_3_are_served(self) -> None:
        served = "SELECT array(SELECT n FROM generate_series(0, 99) AS n WHERE vibestack_schema_serves(n))"
        ((before,),) = self.connection.execute(served).fetchall()
        migration.upgrade(self.url, "vibestack_0004")
        ((after,),) = self.connection.execute(served).fetchall()
        self.assertEqual((before[-1], after), (3, [*before, 4]))
        self.assertEqual(self.connection.execute("SELECT vibestack_schema_version()").fetchone(), (4,))

    def test_second_run_changes_nothing(self) -> None:
        self.migrated(self.url)
        before = self.indexes()
        self.migrated(self.url)
        self.assertEqual(self.indexes(), before)

    def test_two_runners_at_once_both_succeed(self) -> None:
        runners = [migration.start(self.url) for _ in range(3)]
        for runner in runners:
            _, said = runner.communicate(timeout=60)
            self.assertEqual(runner.returncode, 0, said)
        self.assertEqual(self.indexes().keys() & (NEW | REPLACED), NEW)


if __name__ == "__main__":
    unittest.main()
