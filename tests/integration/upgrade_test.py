"""Upgrades a database whose triggers and indexes have the names of an earlier version."""

import unittest

import psycopg

from tests.support import migration

TRIGGERS = ("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'vibestack%'"
            " ORDER BY 1, 2")
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'vibestack%' ORDER BY 1"
# The revision that gives the names of now; later ones make more, which this test leaves out.
REVISION = "vibestack_0003"
# What made a database of version 2 differ: other names, and another setting that keeps the triggers silent.
EARLIER = """
ALTER TRIGGER vibestack_notify_insert ON users RENAME TO vibestack_earlier_insert;
ALTER TRIGGER vibestack_notify_update ON agent_jobs RENAME TO vibestack_earlier_update;
ALTER TRIGGER vibestack_notify_truncate ON agent_jobs RENAME TO vibestack_earlier_truncate;
DROP TRIGGER vibestack_notify_insert ON agent_jobs;
CREATE TRIGGER vibestack_earlier_insert AFTER INSERT ON agent_jobs REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT WHEN (current_setting('vibestack.earlier', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION vibestack_jobs_inserted();
ALTER INDEX vibestack_jobs_running RENAME TO vibestack_jobs_earlier;
ALTER INDEX vibestack_users_email RENAME TO vibestack_users_earlier;
UPDATE alembic_version SET version_num = 'vibestack_0002';
CREATE OR REPLACE FUNCTION vibestack_schema_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2';
CREATE OR REPLACE FUNCTION vibestack_schema_serves(program integer) RETURNS boolean LANGUAGE sql IMMUTABLE
  AS 'SELECT program BETWEEN 2 AND 2';
"""


class UpgradeTest(migration.ScratchCase):
    def setUp(self) -> None:
        super().setUp()
        self.url = self.scratch()
        migration.upgrade(self.url, REVISION)

    def test_triggers_and_indexes_get_the_names_of_a_new_database(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            expected = connection.execute(TRIGGERS).fetchall(), connection.execute(INDEXES).fetchall()
            connection.execute(EARLIER)
            self.assertNotEqual(connection.execute(TRIGGERS).fetchall(), expected[0])
            migration.upgrade(self.url, REVISION)
            self.assertEqual((connection.execute(TRIGGERS).fetchall(), connection.execute(INDEXES).fetchall()), expected)

    def test_programs_of_the_version_before_are_served_during_a_rollout(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(EARLIER)
            migration.upgrade(self.url, REVISION)
            served = connection.execute("SELECT array(SELECT n FROM generate_series(0, 99) AS n WHERE vibestack_schema_serves(n))")
            self.assertEqual(served.fetchone(), ([2, 3],))

    def test_triggers_of_others_stay(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(EARLIER)
            connection.execute("CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
            connection.execute("CREATE TRIGGER theirs AFTER INSERT ON users EXECUTE FUNCTION theirs()")
            migration.upgrade(self.url, REVISION)
            self.assertEqual(connection.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'theirs'").fetchone(), (1,))


if __name__ == "__main__":
    unittest.main()
