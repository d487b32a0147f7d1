"""A migration of the tests: an index on a table that is in use.

Revision ID: vibestack_0004
"""

import live

revision = "vibestack_0004"
down_revision = "vibestack_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live.create_index_concurrently("vibestack_of_the_tests", "ON agent_jobs (workflow_id, updated_at)")
    live.set_version(4, oldest_program=2)
