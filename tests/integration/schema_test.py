"""Compares the migrated database, DB_SCHEMA.md and models.py with each other."""

import re
import sys
import unittest

import psycopg
import sqlalchemy as sa
from alembic import autogenerate
from alembic.runtime import migration as runtime

from tests.support import migration
from tests.support import schema_page

sys.path.insert(0, str(migration.ROOT / "deploy" / "migrations"))
import models  # noqa: E402  (deploy/migrations is no package)

# The indexes and triggers of the migrations, of every table.
NAMES = """
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'i' AND relname LIKE 'vibestack\\_%'
UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
"""

# A change of the database, and the word that the check must report.
ALTERATIONS = {
    "ALTER TABLE users ADD COLUMN nickname text": "users: columns",
    "ALTER TABLE users DROP COLUMN bio": "users: columns",
    "ALTER TABLE users RENAME COLUMN bio TO about": "users: columns",
    "ALTER TABLE users DROP COLUMN created_at CASCADE; ALTER TABLE users ADD created_at timestamptz DEFAULT now()": "users: columns",
    "ALTER TABLE users ALTER COLUMN full_name TYPE varchar(99)": "users.full_name",
    "ALTER TABLE users ALTER COLUMN bio TYPE varchar": "users.bio",
    "ALTER TABLE users ALTER COLUMN email DROP NOT NULL": "users.email",
    "ALTER TABLE users ALTER COLUMN is_active SET NOT NULL": "users.is_active",
    "ALTER TABLE users ALTER COLUMN is_superuser SET DEFAULT true": "users.is_superuser",
    "ALTER TABLE users ALTER COLUMN updated_at DROP DEFAULT": "users.updated_at",
    "ALTER TABLE users DROP CONSTRAINT users_email_key": "users.email",
    "ALTER TABLE users ADD UNIQUE (full_name, bio)": "users: columns",
    "ALTER TABLE agent_jobs DROP CONSTRAINT agent_jobs_pkey": "agent_jobs.id",
    "ALTER TABLE agent_jobs DROP CONSTRAINT agent_jobs_user_id_fkey": "agent_jobs.user_id",
    "DROP INDEX vibestack_jobs_ready, vibestack_jobs_ready_user, vibestack_jobs_scheduled, vibestack_jobs_dispatched;"
    " ALTER TABLE agent_jobs ALTER COLUMN result_payload TYPE json": "agent_jobs.result_payload",
    "ALTER TABLE agent_jobs ALTER COLUMN status SET DEFAULT 'processing'": "agent_jobs.status",
    "CREATE TABLE job_inputs (id uuid)": "job_inputs: not in DB_SCHEMA.md",
    "CREATE VIEW active AS SELECT id FROM users": "active: not in DB_SCHEMA.md",
    "DROP TABLE agent_jobs": "agent_jobs: not in the database",
}


class SchemaTest(migration.ScratchCase):
    def differences(self, url: str) -> list[str]:
        with psycopg.connect(url) as connection:
            database = schema_page.read_database(connection)
        return schema_page.differences(schema_page.read_page(schema_page.PAGE.read_text()), database)

    def test_page_holds_the_tables_of_the_services(self) -> None:
        page = schema_page.read_page(schema_page.PAGE.read_text())
        self.assertEqual({name: len(page[name]) for name in ("users", "agent_jobs")}, {"users": 9, "agent_jobs": 7})

    def test_migrated_database_is_as_the_page_says(self) -> None:
        self.assertEqual(self.differences(self.server), [])

    def test_page_names_every_index_and_trigger(self) -> None:
        page = schema_page.PAGE.read_text()
        with psycopg.connect(self.server) as connection:
            names = {name for (name,) in connection.execute(NAMES).fetchall()}
        self.assertEqual({name for name in names if f"`{name}`" not in page}, set())
        # The first column of the page's tables; channels, which have payloads beside them, are neither.
        listed = set(re.findall(r"(?m)^\| `(vibestack_\w+)` \| (?!`\{)", page))
        self.assertEqual(listed - names, set())
        self.assertGreater(len(listed), 20)

    def test_page_lists_every_key_of_the_envelope(self) -> None:
        listed = set(re.findall(r"(?m)^\| (?:the mark )?`(\w+)` \|", self.envelope_section()))
        code = (migration.ROOT / "job_service" / "domain" / "envelope.cc").read_text(encoding="utf-8")
        statements = (migration.ROOT / "job_service" / "store").glob("*.sql")
        used = set(re.findall(r'\bkey [!=]= "(\w+)"', code))
        used |= set(re.findall(r"result_payload ->>? '(\w+)'", "".join(path.read_text(encoding="utf-8") for path in statements)))
        self.assertEqual(listed, used)
        self.assertGreater(len(listed), 5)

    def test_job_of_the_pages_example_is_ready(self) -> None:
        (insert,) = re.findall(r"(?s)```sql\n(INSERT .*?)```", self.envelope_section())
        with psycopg.connect(self.scratch_migrated()) as connection:
            connection.execute(insert)
            ready = (
                "SELECT result_payload ? 'input' FROM agent_jobs WHERE coalesce(status, 'pending') = 'pending' AND"
                " (result_payload -> 'vibestack_job' = '1' AND result_payload ->> 'schedule' = 'waiting') IS NOT TRUE"
            )
            self.assertEqual(connection.execute(ready).fetchall(), [(True,)])

    @staticmethod
    def envelope_section() -> str:
        return schema_page.PAGE.read_text(encoding="utf-8").split("### The envelope\n")[1].split("\n## ")[0]

    def test_every_alteration_is_noticed(self) -> None:
        url = self.scratch()
        self.migrated(url)
        for alteration, named in ALTERATIONS.items():
            with self.subTest(alteration), psycopg.connect(url) as connection:
                connection.execute(alteration)
                page = schema_page.read_page(schema_page.PAGE.read_text())
                found = schema_page.differences(page, schema_page.read_database(connection))
                connection.rollback()
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(named), found)
        self.assertEqual(self.differences(url), [])

    def compare_models(self, url: str) -> list:
        engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
        self.addCleanup(engine.dispose)
        options = {"compare_type": True, "compare_server_default": True, "include_object": self.no_index}
        with engine.connect() as connection:
            context = runtime.MigrationContext.configure(connection, opts=options)
            return autogenerate.compare_metadata(context, models.Base.metadata)

    @staticmethod
    def no_index(_thing, _name, kind: str, *_) -> bool:
        """The models leave indexes to the migration."""
        return kind != "index"

    def test_models_are_as_the_database(self) -> None:
        self.assertEqual(self.compare_models(self.server), [])

    def test_models_notice_another_default_length_and_column(self) -> None:
        url = self.scratch()
        self.migrated(url)
        with psycopg.connect(url) as connection:
            connection.execute("ALTER TABLE users ALTER full_name TYPE varchar(90), ALTER is_active SET DEFAULT false")
            connection.execute("ALTER TABLE agent_jobs DROP COLUMN result_payload")
        self.assertEqual(len(self.compare_models(url)), 3)

    def test_version_function_names_the_revision(self) -> None:
        with psycopg.connect(self.server) as connection:
            version = connection.execute("SELECT vibestack_schema_version()").fetchone()[0]
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        self.assertEqual(revision, f"vibestack_{version:04d}")

    def test_schema_serves_the_version_that_the_services_are_written_for(self) -> None:
        header = (migration.ROOT / "common" / "db" / "service_session.h").read_text(encoding="utf-8")
        version = re.search(r"kSchemaVersion = (\d+);", header)[1]
        with psycopg.connect(self.server) as connection:
            self.assertEqual(connection.execute(f"SELECT vibestack_schema_serves({version})").fetchone(), (True,))

    def test_status_is_checked(self) -> None:
        insert = "INSERT INTO agent_jobs (id, workflow_id, status) VALUES (gen_random_uuid(), 'w', %s)"
        with psycopg.connect(self.scratch_migrated()) as connection:
            for state in ("pending", "processing", "completed", "failed", None):
                connection.execute(insert, (state,))
            with self.assertRaises(psycopg.errors.CheckViolation):
                connection.execute(insert, ("PENDING",))

    def scratch_migrated(self) -> str:
        url = self.scratch()
        self.migrated(url)
        return url


if __name__ == "__main__":
    unittest.main()
