"""A migration of the tests: a change that needs the table for itself for a moment.

Revision ID: vibestack_9002
"""

import live
from alembic import op

revision = "vibestack_9002"
down_revision = "vibestack_9001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE agent_jobs ALTER COLUMN result_payload SET STORAGE EXTENDED")
    live.set_version(9002)
