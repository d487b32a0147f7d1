"""Alembic's environment: runs the migrations on the database of DATABASE_URL while services use it.

Only one runner works at a time. Each migration has its own transaction. No statement waits long for a lock, because calls queue up behind
a waiting statement.

The record of the revision:
  * A database of ours records the revision in `alembic_version`, as Alembic does.
  * A database whose owner has an `alembic_version` keeps that table as it is: the owner's Alembic fails on a revision that it does
    not know, and the schema allows no second table. Alembic then works on the shadow version table. This temporary table takes its row
    from `vibestack_schema_version()`, which every migration sets and the services check.
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
    """Returns whether alembic_version exists and belongs to another program. An empty one does, because ours is never empty."""
    if connection.scalar(sa.text("SELECT to_regclass(quote_ident(current_schema()) || '.alembic_version')")) is None:
        return False
    revisions = connection.scalars(sa.text("SELECT version_num FROM alembic_version")).all()
    return not revisions or any(not revision.startswith(PREFIX) for revision in revisions)


def make_shadow_version_table(connection: sa.Connection) -> str:
    """Creates the temporary stand-in for alembic_version, with the current revision, and returns its name."""
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
    """Raises RuntimeError if the migrations cannot run on this server or search_path."""
    if connection.connection.dbapi_connection.info.server_version < 150000:
        raise RuntimeError("the server is older than PostgreSQL 15; upgrade it first")
    if connection.scalar(sa.text("SELECT current_schema()")) is None:
        raise RuntimeError("the search_path names no schema that exists")


def take_runner_lock(connection: sa.Connection) -> None:
    """Takes a lock that lasts as long as the connection. Raises RuntimeError after RUNNER_WAIT.

    It polls instead of waiting in PostgreSQL. A waiting statement holds a snapshot, and CREATE INDEX CONCURRENTLY in the other runner
    would wait for that snapshot.
    """
    end = time.monotonic() + RUNNER_WAIT
    while not connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": RUNNER_LOCK}):
        connection.commit()
        if time.monotonic() > end:
            raise RuntimeError("another run has been migrating this database for ten minutes; wait for it or end it")
        time.sleep(0.2)
    connection.commit()


def run(connection: sa.Connection) -> None:
    """Runs the missing migrations."""
    table = make_shadow_version_table(connection) if owners_alembic(connection) else "alembic_version"
    # Alembic commits only if no transaction is open.
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=models.Base.metadata,
        version_table=table,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_with_retries(connection: sa.Connection) -> None:
    """Runs the missing migrations and tries again when a lock times out. Migrations that are done stay done."""
    end = time.monotonic() + float(os.environ.get("VIBESTACK_MIGRATE_WAIT", live.LOCK_WAIT))
    while True:
        try:
            run(connection)
            return
        except (sa.exc.OperationalError, psycopg.errors.LockNotAvailable) as error:
            connection.rollback()
            cause = error.orig if isinstance(error, sa.exc.OperationalError) else error
            if not isinstance(cause, psycopg.errors.LockNotAvailable) or time.monotonic() > end:
                raise
        log.info("a lock timed out; trying again")
        time.sleep(random.uniform(0.5, 1.5))


def main() -> None:
    """Connects with libpq, so every form of DATABASE_URL and every PG* variable works."""
    if context.is_offline_mode():
        raise RuntimeError("--sql is not possible: a migration reads the database to adopt it")
    url = os.environ["DATABASE_URL"]
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, connect_timeout=10, application_name="vibestack_migrate"),
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        check_server(connection)
        connection.commit()
        take_runner_lock(connection)
        connection.execute(sa.text(f"SET lock_timeout = '{live.LOCK_TIMEOUT}'"))
        connection.commit()
        run_with_retries(connection)


main()
