"""users and agent_jobs: makes both tables, or adopts those that exist.

Revision ID: vibestack_0001
"""

import pathlib

import v0001.adoption
from alembic import op

revision = "vibestack_0001"
down_revision = None
branch_labels = None
depends_on = None

FILES = pathlib.Path(v0001.adoption.__file__).parent


def upgrade() -> None:
    """Applies everything or, when an existing table differs, says how and changes nothing."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute((FILES / "tables.sql").read_text())
    v0001.adoption.adopt(cursor)
    for name in ("indexes.sql", "functions.sql", "triggers.sql"):
        cursor.execute((FILES / name).read_text())


def downgrade() -> None:
    """Never: the tables may be somebody's, with rows in them."""
    raise RuntimeError(
        "vibestack_0001 cannot be undone: that would drop users and agent_jobs with their rows."
        " Drop them by hand, or restore a backup, if this is what you want."
    )
