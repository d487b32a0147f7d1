"""Runs the migrations on the database of DATABASE_URL while services use it: one runner at a time, each migration in a transaction of
its own, and no lock waited for so long that calls behind it would notice.

Where the revision is kept:
  * A database of ours records it in `alembic_version`, as Alembic does.
  * A database with an `alembic_version` of its owner keeps it untouched: another row would make the owner's Alembic fail on a
    revision it does not know, and a second table is not allowed. Alembic then books in a temporary table that is
    filled from `vibestack_schema_version()`, the function that every migration ends with and the services check.
"""

import logging
import os
import random
import sys
import time

import psycopg
import sqlalchemy as sa
from alembic import context
from sqlalchemy import pool

import live
import models

RUNNER_LOCK = 0x76696265  # pg_advisory_lock key of "a migration is running"
RUNNER_WAIT = 600  # Seconds.
PREFIX = "vibestack_"
SHADOW_VERSION_TABLE = "vibestack_shadow_version"

log = logging.getLogger("vibestack.migrations")


def owners_alembic(connection: sa.Connection) -> bool:
    """Tells whether alembic_version is there and somebody else's: an empty one is, too, since we never leave it empty."""
    if connection.scalar(sa.text("SELECT to_regclass(quote_ident(current_schema()) || '.alembic_version')")) is None:
        return False
    revisions = connection.scalars(sa.text("SELECT version_num FROM alembic_version")).all()
    return not revisions or any(not revision.startswith(PREFIX) for revision in revisions)


def book_in_temporary_table(connection: sa.Connection) -> str:
    """Makes the temporary stand-in for alembic_version and returns its name."""
    connection.execute(
        sa.text(f"CREATE TEMPORARY TABLE IF NOT EXISTS {SHADOW_VERSION_TABLE} (version_num varchar(32) PRIMARY KEY)")
    )
    found = connection.scalar(
        sa.text("SELECT to_regprocedure(quote_ident(current_schema()) || '.vibestack_schema_version()')")
    )
    if found is not None:
        version = connection.scalar(sa.text("SELECT vibestack_schema_version()"))
        connection.execute(
            sa.text(f"INSERT INTO {SHADOW_VERSION_TABLE} VALUES (:revision) ON CONFLICT DO NOTHING"),
            {"revision": f"{PREFIX}{version:04d}"},
        )
    print("migrate: alembic_version belongs to the owner of this database and stays as it is", file=sys.stderr)
    return SHADOW_VERSION_TABLE


def check_server(connection: sa.Connection) -> None:
    """Refuses what the migrations cannot run on."""
    if connection.connection.dbapi_connection.info.server_version < 150000:
        raise RuntimeError("PostgreSQL 15 or newer is needed")
    if connection.scalar(sa.text("SELECT current_schema()")) is None:
        raise RuntimeError("the search_path names no schema that exists")


def be_the_only_runner(connection: sa.Connection) -> None:
    """Takes a lock that lasts as long as the connection. It is asked for again and again instead of waited for: a statement that
    waits has a snapshot, which an index that is built concurrently by the runner before us would wait for in turn."""
    end = time.monotonic() + RUNNER_WAIT
    while not connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": RUNNER_LOCK}):
        connection.commit()
        if time.monotonic() > end:
            raise RuntimeError("another run is migrating this database; it has not ended in ten minutes")
        time.sleep(0.2)
    connection.commit()


def run(connection: sa.Connection) -> None:
    """Runs the migrations that are missing."""
    table = book_in_temporary_table(connection) if owners_alembic(connection) else "alembic_version"
    # Alembic leaves the commits to whoever had begun a transaction; none has.
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=models.Base.metadata,
        version_table=table,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_patiently(connection: sa.Connection) -> None:
    """Runs them again when a lock was not to be had; what was done stays done."""
    end = time.monotonic() + float(os.environ.get("VIBESTACK_MIGRATE_WAIT", live.PATIENCE))
    while True:
        try:
            run(connection)
            return
        except (sa.exc.OperationalError, psycopg.errors.LockNotAvailable) as error:
            connection.rollback()
            cause = error.orig if isinstance(error, sa.exc.OperationalError) else error
            if not isinstance(cause, psycopg.errors.LockNotAvailable) or time.monotonic() > end:
                raise
        log.info("a lock was not to be had; trying again")
        time.sleep(random.uniform(0.5, 1.5))


def main() -> None:
    """Connects as libpq understands DATABASE_URL, so that every form of URL and PG* variable works."""
    if context.is_offline_mode():
        raise RuntimeError("--sql is not possible: adopting a database needs to look at it")
    url = os.environ["DATABASE_URL"]
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, connect_timeout=10, application_name="vibestack_migrate"),
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        check_server(connection)
        connection.commit()
        be_the_only_runner(connection)
        connection.execute(sa.text(f"SET lock_timeout = '{live.LOCK_TIMEOUT}'"))
        connection.commit()
        run_patiently(connection)


main()
