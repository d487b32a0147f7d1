"""A migration of the tests: a change that needs the table for itself for a moment.

Revision ID: vibestack_0005
"""

import live
from alembic import op

revision = "vibestack_0005"
down_revision = "vibestack_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE agent_jobs ALTER COLUMN result_payload SET STORAGE EXTENDED")
    live.set_version(5, oldest_program=2)
