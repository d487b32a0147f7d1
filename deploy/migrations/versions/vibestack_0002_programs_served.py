"""Says which programs the schema serves, so that old and new ones work side by side through a rollout.

Revision ID: vibestack_0002
"""

import live

revision = "vibestack_0002"
down_revision = "vibestack_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Programs of version 1 ask for that very version.
    live.set_version(2, oldest_program=2)


def downgrade() -> None:
    """Never: a program that was written for this version would find nothing that serves it."""
    raise RuntimeError("vibestack_0002 cannot be undone; restore a backup, if this is what you want.")
