"""The migration adopts the database of a foreign SQLAlchemy program: it completes it and keeps the rows, or refuses and changes nothing."""

import os
import subprocess
import unittest

import bcrypt
import psycopg
from psycopg import conninfo
from psycopg import rows

from tests.support import foreign_database
from tests.support import migration
from tests.support import schema_page
from tests.support.waiting import eventually

SNAPSHOT = """
SELECT (SELECT jsonb_agg(u ORDER BY id) FROM users AS u), (SELECT jsonb_agg(j ORDER BY id) FROM agent_jobs AS j),
       (SELECT array_agg(c.relname::text || c.relkind::text ORDER BY c.relname) FROM pg_class AS c
        WHERE relnamespace = 'public'::regnamespace),
       (SELECT array_agg(t.tgname::text ORDER BY t.tgname) FROM pg_trigger AS t),
       (SELECT array_agg(a::text ORDER BY attrelid, attnum) FROM pg_attribute AS a WHERE attrelid = 'users'::regclass)
"""

# A deviation, and the words that the refusal must contain.
REFUSED = {
    "ALTER TABLE users ALTER created_at TYPE timestamp": "users.created_at is timestamp without time zone",
    "ALTER TABLE agent_jobs ALTER result_payload TYPE json": "agent_jobs.result_payload is json, not jsonb",
    "ALTER TABLE agent_jobs ALTER id TYPE varchar USING id::text": "agent_jobs.id is character varying, not uuid",
    "ALTER TABLE users ALTER full_name TYPE varchar(50)": "users.full_name is character varying(50)",
    "ALTER TABLE users ALTER is_active TYPE integer USING is_active::int": "users.is_active is integer, not boolean",
    "ALTER TABLE users ADD tenant integer; UPDATE users SET tenant = 1; ALTER TABLE users ALTER tenant SET NOT NULL": "users.tenant",
    "UPDATE users SET full_name = 'x'; ALTER TABLE users ALTER full_name SET NOT NULL": "users.full_name is NOT NULL",
    "ALTER TABLE agent_jobs ALTER workflow_id DROP NOT NULL; UPDATE agent_jobs SET workflow_id = NULL": "agent_jobs.workflow_id holds NULL",
    "ALTER TABLE users DROP hashed_password": "users.hashed_password is missing",
    "DROP INDEX ix_users_email; UPDATE users SET email = 'one@example.org'": "users.email holds the same value",
    "ALTER TABLE agent_jobs ADD CHECK (status IN ('pending', 'completed', 'failed'))": "does not allow processing",
    # What SQLAlchemy's Enum without a native type makes: it stores the names of the members.
    "ALTER TABLE agent_jobs ADD CHECK (status IN ('PENDING', 'RUNNING', 'DONE')) NOT VALID": "does not allow pending, processing, completed, failed",
    "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people": "users must be plain tables",
}


def query(url: str, statement: str, *values) -> list:
    """Runs one statement and returns its rows."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


class AdoptionTest(migration.ScratchCase):
    def test_rows_stay_and_only_null_times_are_filled(self) -> None:
        url = self.foreign()
        before = query(url, SNAPSHOT)[0]
        self.migrated(url)
        after = query(url, SNAPSHOT)[0]
        for old_rows, new_rows in zip(before[:2], after[:2]):
            self.assertEqual(len(old_rows), len(new_rows))
            for old, new in zip(old_rows, new_rows):
                self.assertEqual(old, {key: value if old[key] is not None else None for key, value in new.items()})
                self.assertIsNotNone(new["created_at"])
                self.assertIsNotNone(new["updated_at"])
                kept_null = {key for key, value in old.items() if value is None} - {"created_at", "updated_at"}
                self.assertEqual({new[key] for key in kept_null}, {None} if kept_null else set())

    def test_hashes_of_python_programs_still_verify(self) -> None:
        url = self.foreign()
        self.migrated(url)
        kinds = set()
        for person in foreign_database.PEOPLE:
            statement = 'SELECT hashed_password FROM users WHERE lower(email COLLATE "C") = %s'
            ((hashed,),) = query(url, statement, person.email.lower())
            self.assertTrue(bcrypt.checkpw(person.password.encode(), hashed.encode()))
            kinds.add(hashed[:4])
        self.assertEqual(kinds, {"$2a$", "$2b$", "$2y$"})

    def test_what_is_missing_is_added(self) -> None:
        url = self.foreign()
        self.migrated(url)
        with psycopg.connect(url, row_factory=rows.dict_row) as connection:
            user = connection.execute(
                "INSERT INTO users (id, email, hashed_password) VALUES (gen_random_uuid(), 'n@x.org', 'h') RETURNING *"
            ).fetchone()
            job = connection.execute(
                "INSERT INTO agent_jobs (id, workflow_id) VALUES (gen_random_uuid(), 'w') RETURNING *"
            ).fetchone()
        self.assertEqual((user["is_active"], user["is_superuser"], job["status"]), (True, False, "pending"))
        self.assertIsNotNone(user["created_at"] and user["updated_at"] and job["created_at"] and job["updated_at"])
        with self.assertRaises(psycopg.errors.ForeignKeyViolation):
            query(url, "UPDATE agent_jobs SET user_id = gen_random_uuid()")
        with self.assertRaises(psycopg.errors.CheckViolation):
            query(url, "UPDATE agent_jobs SET status = 'lost'")

    def test_owners_alembic_is_left_alone(self) -> None:
        url = self.foreign()
        self.assertIn("stays as it is", self.migrated(url))
        self.assertEqual(query(url, "SELECT version_num FROM alembic_version"), [(foreign_database.FOREIGN_REVISION,)])
        self.assertEqual(query(url, "SELECT vibestack_schema_version()"), [(migration.NEWEST,)])
        tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        # Those of DB_SCHEMA.md and alembic_version.
        self.assertEqual(query(url, tables), [(len(schema_page.read_page(schema_page.PAGE.read_text())) + 1,)])

    def test_empty_alembic_version_is_somebodys(self) -> None:
        url = self.foreign("DELETE FROM alembic_version")
        self.migrated(url)
        self.assertEqual(query(url, "SELECT count(*) FROM alembic_version"), [(0,)])

    def test_without_alembic_version_ours_is_made(self) -> None:
        url = self.foreign(with_alembic=False)
        self.migrated(url)
        self.assertEqual(query(url, "SELECT version_num FROM alembic_version"), [(f"vibestack_{migration.NEWEST:04d}",)])

    def test_second_run_changes_nothing(self) -> None:
        for with_alembic in (True, False):
            url = self.foreign(with_alembic=with_alembic)
            self.migrated(url)
            before = query(url, SNAPSHOT)
            self.migrated(url)
            self.assertEqual(query(url, SNAPSHOT), before)

    def test_two_runners_at_once_both_succeed(self) -> None:
        for url in (self.foreign(), self.foreign(with_alembic=False), self.scratch()):
            runners = [migration.start(url) for _ in range(3)]
            for runner in runners:
                _, said = runner.communicate(timeout=60)
                self.assertEqual(runner.returncode, 0, said)
            self.assertEqual(query(url, "SELECT vibestack_schema_version()"), [(migration.NEWEST,)])

    def test_refusal_names_the_difference_and_changes_nothing(self) -> None:
        for deviation, named in REFUSED.items():
            with self.subTest(deviation):
                url = self.foreign(deviation)
                before = query(url, SNAPSHOT)
                code, said = migration.migrate(url)
                self.assertEqual(code, 1)
                self.assertIn(named, said)
                self.assertIn("nothing was changed", said)
                self.assertEqual(query(url, SNAPSHOT), before)

    def test_refusal_names_every_difference(self) -> None:
        deviations = list(REFUSED)[:4]
        _, said = migration.migrate(self.foreign(";".join(deviations)))
        for deviation in deviations:
            self.assertIn(REFUSED[deviation], said)

    def test_contradicting_rows_stay_and_new_ones_are_checked(self) -> None:
        url = self.foreign("UPDATE agent_jobs SET user_id = gen_random_uuid(), status = 'running' WHERE status = 'failed'")
        self.migrated(url)
        self.assertEqual(query(url, "SELECT count(*) FROM agent_jobs WHERE status = 'running'"), [(1,)])
        with self.assertRaises(psycopg.errors.CheckViolation):
            query(url, "INSERT INTO agent_jobs (id, workflow_id, status) VALUES (gen_random_uuid(), 'w', 'running')")
        with self.assertRaises(psycopg.errors.ForeignKeyViolation):
            query(url, "INSERT INTO agent_jobs (id, workflow_id, user_id) VALUES (gen_random_uuid(), 'w', gen_random_uuid())")

    def test_keys_under_other_names_are_kept_and_not_doubled(self) -> None:
        url = self.foreign(
            "ALTER TABLE agent_jobs ADD CONSTRAINT theirs FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,"
            " ADD CONSTRAINT states CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'paused'));"
            "ALTER TABLE users ALTER is_active SET DEFAULT false"
        )
        self.migrated(url)
        names = "SELECT conname FROM pg_constraint WHERE conrelid = 'agent_jobs'::regclass AND contype <> 'p' ORDER BY 1"
        self.assertEqual(query(url, names), [("states",), ("theirs",)])
        unique = "SELECT count(*) FROM pg_index WHERE indrelid = 'users'::regclass AND indisunique AND NOT indisprimary"
        self.assertEqual(query(url, unique), [(1,)])
        default = "SELECT column_default FROM information_schema.columns WHERE column_name = 'is_active'"
        self.assertEqual(query(url, default), [("false",)])

    def test_missing_nullable_columns_table_and_keys_are_added(self) -> None:
        url = self.foreign(
            "ALTER TABLE users DROP bio, DROP is_superuser, DROP CONSTRAINT users_pkey; DROP INDEX ix_users_email;"
            "DROP TABLE agent_jobs"
        )
        self.migrated(url)
        self.assertEqual(query(url, "SELECT DISTINCT bio, is_superuser FROM users"), [(None, None)])
        keys = "SELECT contype::text FROM pg_constraint WHERE conrelid = 'users'::regclass ORDER BY 1"
        self.assertEqual(query(url, keys), [("p",), ("u",)])
        self.assertEqual(query(url, "SELECT count(*) FROM agent_jobs"), [(0,)])

    def test_stricter_and_wider_columns_are_kept(self) -> None:
        url = self.foreign(
            "UPDATE users SET is_active = coalesce(is_active, true); ALTER TABLE users ALTER is_active SET NOT NULL,"
            " ALTER full_name TYPE text, ADD nickname text; ALTER TABLE agent_jobs ALTER status TYPE text"
        )
        self.migrated(url)
        query(url, "INSERT INTO users (id, email, hashed_password) VALUES (gen_random_uuid(), 'n@x.org', 'h')")
        with psycopg.connect(url) as connection:
            connection.execute("SET enable_seqscan = off")
            plan = connection.execute(
                "EXPLAIN SELECT id FROM agent_jobs WHERE workflow_id >= 'w' AND workflow_id <= 'w'"
                " AND coalesce(status, 'pending') = 'pending' AND (result_payload -> 'vibestack_job' = '1'"
                " AND result_payload ->> 'schedule' = 'waiting') IS NOT TRUE ORDER BY workflow_id, created_at, id LIMIT 1"
            ).fetchall()
        self.assertIn("using vibestack_jobs_ready on", str(plan))


class MigrateTest(migration.ScratchCase):
    def test_unreachable_database_is_said_without_the_password(self) -> None:
        for url in (
            "postgresql://someone:s3cret-word@127.0.0.1:1/nowhere",
            "postgres://someone:s3cret-word@no-such-host.invalid/nowhere",
            self.server.replace("@", "s3cret-word@"),
        ):
            code, said = migration.migrate(url)
            self.assertEqual(code, 1, said)
            self.assertIn("cannot be reached", said)
            self.assertNotIn("s3cret-word", said)
            self.assertNotIn("Traceback", said)

    def test_no_url_is_a_usage_error(self) -> None:
        for url in ("", "mysql://u:s3cret-word@h/d", "postgresql://u:s3cret@word@h/d", "postgresql://u:s3cret-word@h:x y/d?z"):
            code, said = migration.migrate(url)
            self.assertEqual(code, 2, said)
            self.assertNotIn("s3cret", said)
            self.assertNotIn("word@", said)

    def test_wait_that_is_no_number_is_a_usage_error(self) -> None:
        for wait in ("soon", "-1", ""):
            code, said = migration.migrate(self.server, VIBESTACK_MIGRATE_WAIT=wait)
            self.assertEqual(code, 2, said)
            self.assertIn("VIBESTACK_MIGRATE_WAIT", said)

    def test_other_spellings_of_the_url_are_taken(self) -> None:
        url = self.scratch()
        for scheme in ("postgres://", "postgresql+psycopg://", "postgresql+asyncpg://"):
            self.migrated(url.replace("postgresql://", scheme))

    def test_busy_table_is_said_and_nothing_changes(self) -> None:
        url = self.foreign()
        before = query(url, SNAPSHOT)
        with psycopg.connect(url) as holder:
            holder.execute("LOCK TABLE users IN ROW EXCLUSIVE MODE")
            code, said = migration.migrate(url, VIBESTACK_MIGRATE_WAIT="2")
        self.assertEqual(code, 1)
        self.assertIn("a lock timed out; run it again", said)
        self.assertEqual(query(url, SNAPSHOT), before)

    def test_lock_that_is_held_for_a_while_is_waited_for(self) -> None:
        url = self.foreign()
        with psycopg.connect(url) as holder:
            holder.execute("LOCK TABLE users IN ROW EXCLUSIVE MODE")
            runner = migration.start(url)
            self.assertTrue(eventually(lambda: "trying again" in runner.stderr.readline()))
        _, said = runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, 0, said)

    def test_tables_in_a_schema_of_the_search_path_are_used(self) -> None:
        url = self.scratch("CREATE SCHEMA app")
        role = conninfo.conninfo_to_dict(url)
        query(url, f"ALTER DATABASE {role['dbname']} SET search_path = app")
        self.migrated(url)
        query(url, "INSERT INTO agent_jobs (id, workflow_id) VALUES (gen_random_uuid(), 'w')")
        self.assertEqual(query(url, "SELECT to_regclass('app.agent_jobs') IS NOT NULL"), [(True,)])

    def test_downgrade_never_drops(self) -> None:
        url = self.scratch()
        self.migrated(url)
        alembic = [str(migration.ROOT / ".local/venv/bin/alembic"), "-c", str(migration.ROOT / "deploy/migrations/alembic.ini")]
        environment = {**os.environ, "DATABASE_URL": url}
        run = subprocess.run([*alembic, "downgrade", "base"], env=environment, capture_output=True, text=True, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("cannot be undone", run.stderr)
        self.assertEqual(query(url, "SELECT count(*) FROM users"), [(0,)])


if __name__ == "__main__":
    unittest.main()
