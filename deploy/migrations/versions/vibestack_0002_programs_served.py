"""Records which programs the schema serves, so that old and new programs work side by side during a rollout.

Revision ID: vibestack_0002
"""

import live

revision = "vibestack_0002"
down_revision = "vibestack_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A program of version 1 accepts no other version.
    live.set_version(2, oldest_program=2)


def downgrade() -> None:
    """Refuses, because the schema would no longer serve the programs of this version."""
    raise RuntimeError("vibestack_0002 cannot be undone; to go back, restore a backup.")
