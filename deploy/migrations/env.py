"""Runs the migrations on the database of DATABASE_URL, in one transaction, one runner at a time.

Where the revision is kept:
  * A database of ours records it in `alembic_version`, as Alembic does.
  * A database with an `alembic_version` of its owner keeps it untouched: another row would make the owner's Alembic fail on a
    revision it does not know, and a second table is not allowed. Alembic then books in a temporary table that is
    filled from `vibestack_schema_version()`, the function that every migration ends with and the services check.
"""

import os
import sys

import psycopg
import sqlalchemy as sa
from alembic import context
from sqlalchemy import pool

import models

RUNNER_LOCK = 0x76696265  # pg_advisory_xact_lock key of "a migration is running"
RUNNER_WAIT = "10min"
TABLE_WAIT = "10s"
PREFIX = "vibestack_"
BOOKING_TABLE = "vibestack_booking"


def owners_alembic(connection: sa.Connection) -> bool:
    """Tells whether alembic_version is there and somebody else's: an empty one is, too, since we never leave it empty."""
    if connection.scalar(sa.text("SELECT to_regclass(quote_ident(current_schema()) || '.alembic_version')")) is None:
        return False
    revisions = connection.scalars(sa.text("SELECT version_num FROM alembic_version")).all()
    return not revisions or any(not revision.startswith(PREFIX) for revision in revisions)


def book_in_temporary_table(connection: sa.Connection) -> str:
    """Makes the temporary stand-in for alembic_version and returns its name."""
    connection.execute(
        sa.text(f"CREATE TEMPORARY TABLE {BOOKING_TABLE} (version_num varchar(32) PRIMARY KEY) ON COMMIT DROP")
    )
    found = connection.scalar(
        sa.text("SELECT to_regprocedure(quote_ident(current_schema()) || '.vibestack_schema_version()')")
    )
    if found is not None:
        version = connection.scalar(sa.text("SELECT vibestack_schema_version()"))
        connection.execute(
            sa.text(f"INSERT INTO {BOOKING_TABLE} VALUES (:revision)"), {"revision": f"{PREFIX}{version:04d}"}
        )
    print("migrate: alembic_version belongs to the owner of this database and stays as it is", file=sys.stderr)
    return BOOKING_TABLE


def check_server(connection: sa.Connection) -> None:
    """Refuses what the migrations cannot run on."""
    if connection.connection.dbapi_connection.info.server_version < 150000:
        raise RuntimeError("PostgreSQL 15 or newer is needed")
    if connection.scalar(sa.text("SELECT current_schema()")) is None:
        raise RuntimeError("the search_path names no schema that exists")


def run(connection: sa.Connection) -> None:
    """Migrates inside the transaction that the caller has begun."""
    check_server(connection)
    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{RUNNER_WAIT}'"))
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": RUNNER_LOCK})
    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{TABLE_WAIT}'"))
    table = book_in_temporary_table(connection) if owners_alembic(connection) else "alembic_version"
    context.configure(connection=connection, target_metadata=models.Base.metadata, version_table=table)
    with context.begin_transaction():
        context.run_migrations()


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
    with engine.begin() as connection:
        run(connection)


main()
