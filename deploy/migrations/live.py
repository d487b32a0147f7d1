"""Helpers for migrations that run while the services work."""

import sqlalchemy as sa
from alembic import op

# The longest wait for one lock. Every call on a table queues behind a statement that waits for a strong lock on that table.
LOCK_TIMEOUT = "500ms"
# Seconds for which a migration tries again to get a lock; VIBESTACK_MIGRATE_WAIT overrides it.
LOCK_WAIT = "60"


def create_index_concurrently(name: str, definition: str) -> None:
    """Builds an index while other programs read and write. `definition` is the part of CREATE INDEX after the name.

    It commits what the migration did before, so a migration that builds an index does nothing else but set the version. An
    interrupted build leaves an invalid index; the next run drops it and builds it again.
    """
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        # The build waits for all older transactions, and nothing queues behind it.
        connection.execute(sa.text("SET lock_timeout = 0"))
        try:
            invalid = connection.scalar(
                sa.text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": name}
            )
            if invalid:
                connection.execute(sa.text(f"DROP INDEX CONCURRENTLY {name}"))
            connection.execute(sa.text(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} {definition}"))
        finally:
            connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))


def drop_indexes_concurrently(names: tuple[str, ...]) -> None:
    """Drops those of the indexes that exist while other programs read and write. It commits what the migration did before."""
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        connection.execute(sa.text("SET lock_timeout = 0"))
        try:
            for name in names:
                connection.execute(sa.text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
        finally:
            connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))


def set_version(version: int, oldest_program: int | None = None) -> None:
    """Ends a migration: sets the version of the schema and the versions of the programs that the schema serves.

    A program states the version that it was written for. The schema serves the programs from `oldest_program` to `version`. Without
    `oldest_program` the schema still serves the programs that it served before, which is right for a migration that only adds.
    """
    if oldest_program is None:
        # None if the schema served no program.
        found = op.get_bind().scalar(
            sa.text("SELECT min(n) FROM generate_series(1, :last) AS n WHERE vibestack_schema_serves(n)"), {"last": version - 1}
        )
        oldest_program = version if found is None else found
    op.execute(
        "CREATE OR REPLACE FUNCTION vibestack_schema_version() RETURNS integer"
        f" LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT {version}'"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION vibestack_schema_serves(program integer) RETURNS boolean"
        f" LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT program BETWEEN {oldest_program} AND {version}'"
    )
