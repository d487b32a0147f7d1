"""${message}

Revision ID: ${up_revision}
"""

import live
from alembic import op

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    live.set_version(${int(up_revision[-4:])})


def downgrade() -> None:
    raise RuntimeError("${up_revision} cannot be undone; to go back, restore a backup.")
