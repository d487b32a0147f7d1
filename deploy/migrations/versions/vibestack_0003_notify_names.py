"""Gives the triggers and indexes of an older database the names that v0001 uses now.

A new database has these names already, so nothing changes there.

Revision ID: vibestack_0003
"""

import pathlib
import re

import live
import sqlalchemy as sa
import v0001
from alembic import op

revision = "vibestack_0003"
down_revision = "vibestack_0002"
branch_labels = None
depends_on = None

FILES = pathlib.Path(v0001.__file__).parent
TABLES = ("users", "agent_jobs")


def upgrade() -> None:
    triggers = (FILES / "triggers.sql").read_text()
    op.get_bind().connection.cursor().execute(triggers)
    _drop_other_triggers(set(re.findall(r"\bTRIGGER (vibestack_\w+)", triggers)))
    _rename_indexes()
    # The schema still serves programs of version 2. Both the program and the triggers then notify, which costs only time.
    live.set_version(3)


def _drop_other_triggers(ours: set[str]) -> None:
    rows = op.get_bind().execute(sa.text(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgname LIKE 'vibestack\\_%' AND tgrelid::regclass::text = ANY (:tables)"
    ), {"tables": list(TABLES)})
    for table, name in rows.all():
        if name not in ours:
            op.execute(f'DROP TRIGGER "{name}" ON {table}')


def _rename_indexes() -> None:
    """Renames each index of an older database that has the columns and the condition of a missing index of ours."""
    wanted = re.findall(r"CREATE INDEX IF NOT EXISTS (vibestack_\w+)\s+ON (\w+)", (FILES / "indexes.sql").read_text())
    connection = op.get_bind()
    found = dict(connection.execute(sa.text(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname LIKE 'vibestack\\_%'"
    )).all())
    unknown = {name: text for name, text in found.items() if name not in dict(wanted)}
    for name, table in wanted:
        if name in found:
            continue
        # PostgreSQL prints definitions in its own form. An empty table with the same columns shows our definition in that form.
        connection.execute(sa.text(f"CREATE TEMPORARY TABLE shape (LIKE {table}) ON COMMIT DROP"))
        connection.execute(sa.text(_definition(name).replace(f"ON {table}", "ON shape")))
        ours = connection.scalar(sa.text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": name})
        connection.execute(sa.text("DROP TABLE shape"))
        for other, text in unknown.items():
            if text.partition(" USING ")[2] == ours.partition(" USING ")[2]:
                op.execute(f'ALTER INDEX "{other}" RENAME TO {name}')
                break


def _definition(name: str) -> str:
    text = (FILES / "indexes.sql").read_text()
    return re.search(rf"CREATE INDEX IF NOT EXISTS {name}\s[^;]*", text)[0]


def downgrade() -> None:
    """Refuses, because the schema would no longer serve the programs of this version."""
    raise RuntimeError("vibestack_0003 cannot be undone; to go back, restore a backup.")
