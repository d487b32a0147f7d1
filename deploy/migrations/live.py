"""What a migration uses so that the services go on while it runs."""

import sqlalchemy as sa
from alembic import op

# Every call on a table queues behind a statement that waits for a strong lock on it, so none waits for longer than this.
LOCK_TIMEOUT = "500ms"
# Seconds for which a lock that was not to be had is tried for again.
PATIENCE = "60"


def create_index_concurrently(name: str, definition: str) -> None:
    """Builds an index while others read and write: `definition` is what follows the name in CREATE INDEX.

    It commits what the migration did before, so a migration that builds an index does nothing else but set the version. A build
    that was broken off leaves an index that is not valid; the next run makes it anew.
    """
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        # It waits for every transaction that is older and holds up nobody meanwhile.
        connection.execute(sa.text("SET lock_timeout = 0"))
        try:
            broken = connection.scalar(
                sa.text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": name}
            )
            if broken:
                connection.execute(sa.text(f"DROP INDEX CONCURRENTLY {name}"))
            connection.execute(sa.text(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} {definition}"))
        finally:
            connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))


def set_version(version: int, oldest_program: int) -> None:
    """Ends a migration: the schema's version, and the programs that it serves. A program knows the version that it was written for;
    an older one goes on through a rollout as long as the schema still has what it uses."""
    op.execute(
        "CREATE OR REPLACE FUNCTION vibestack_schema_version() RETURNS integer"
        f" LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT {version}'"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION vibestack_schema_serves(program integer) RETURNS boolean"
        f" LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT program BETWEEN {oldest_program} AND {version}'"
    )
