"""Creates users and agent_jobs, or adopts the tables that exist.

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
    """Applies everything. If an existing table differs, raises RuntimeError with every difference and changes nothing."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute((FILES / "tables.sql").read_text())
    v0001.adoption.adopt(cursor)
    for name in ("indexes.sql", "functions.sql", "triggers.sql"):
        cursor.execute((FILES / name).read_text())


def downgrade() -> None:
    """Refuses, because the tables may hold rows of another program."""
    raise RuntimeError(
        "vibestack_0001 cannot be undone: this would drop users and agent_jobs with their rows."
        " To do so anyway, drop them by hand or restore a backup."
    )
