"""A migration of the tests: an index on a table that is in use.

Revision ID: vibestack_9001
"""

import live

from tests.support import migration

revision = "vibestack_9001"
down_revision = f"vibestack_{migration.NEWEST:04d}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live.create_index_concurrently("vibestack_of_the_tests", "ON agent_jobs (workflow_id, updated_at)")
    live.set_version(9001)
