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


def set_version(version: int, oldest_program: int | None = None) -> None:
    """Ends a migration: sets the version of the schema and the programs that the schema serves.

    A program knows the version that it was written for. The schema serves the programs from `oldest_program` to `version`. Without
    `oldest_program` it goes on to serve every program that it served before: right for a migration that only adds.
    """
    if oldest_program is None:
        # NULL where the schema served nobody.
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
