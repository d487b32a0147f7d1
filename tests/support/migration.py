"""Runs deploy/migrations/migrate, and gives each test its own scratch database."""

import os
import pathlib
import subprocess
import unittest

import psycopg

from tests.support import foreign_database

ROOT = pathlib.Path(__file__).resolve().parents[2]
REVISIONS = ROOT / "deploy" / "migrations" / "versions"
# What vibestack_schema_version() says after the last migration.
NEWEST = max(int(path.name.split("_")[1]) for path in REVISIONS.glob("vibestack_*.py"))
MIGRATE = str(ROOT / "deploy" / "migrations" / "migrate")


def start(url: str, **environment: str) -> subprocess.Popen:
    """Starts a migration and returns at once."""
    environment = {**os.environ, "DATABASE_URL": url, **environment}
    return subprocess.Popen([MIGRATE], env=environment, stderr=subprocess.PIPE, text=True)


def migrate(url: str, **environment: str) -> tuple[int, str]:
    """Migrates; returns the exit code and the output."""
    process = start(url, **environment)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def upgrade(url: str, revision: str) -> None:
    """Upgrades to that revision instead of the newest. Raises AssertionError if Alembic fails."""
    command = [ROOT / ".local" / "venv" / "bin" / "alembic", "-c", ROOT / "deploy" / "migrations" / "alembic.ini", "upgrade", revision]
    done = subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


class ScratchCase(unittest.TestCase):
    """A test on the server of DATABASE_URL (see tests/support/with_postgres)."""

    def setUp(self) -> None:
        self.server = os.environ["DATABASE_URL"]

    def scratch(self, statements: str = "") -> str:
        """Returns the URL of a new database in which the statements were run."""
        return self._keep(foreign_database.create_empty(self.server), statements)

    def foreign(self, statements: str = "", with_alembic: bool = True) -> str:
        """Returns the URL of a new foreign database in which the statements were run."""
        return self._keep(foreign_database.create(self.server, with_alembic), statements)

    def _keep(self, database: foreign_database.Database, statements: str) -> str:
        self.addCleanup(foreign_database.drop, self.server, database.name)
        if statements:
            with psycopg.connect(database.url) as connection:
                connection.execute(statements)
        return database.url

    def migrated(self, url: str) -> str:
        """Migrates, expects success, and returns the output."""
        code, said = migrate(url)
        self.assertEqual(code, 0, said)
        return said
