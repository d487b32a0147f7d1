"""Lets a job wait for its time: claims use indexes that leave scheduled jobs out.

A database that version 3 or earlier made gets the new indexes and loses the ones that they replace. Programs of version 3 still work
meanwhile. Their claims have no index then, so they are slow while many jobs are pending.

Revision ID: vibestack_0004
"""

import pathlib
import re

import live
import v0001
from alembic import op

revision = "vibestack_0004"
down_revision = "vibestack_0003"
branch_labels = None
depends_on = None

INDEXES = pathlib.Path(v0001.__file__).parent / "indexes.sql"
NEW = ("vibestack_jobs_ready", "vibestack_jobs_ready_user", "vibestack_jobs_scheduled", "vibestack_jobs_dispatched")
REPLACED = ("vibestack_jobs_claim", "vibestack_jobs_claim_user", "vibestack_jobs_awaiting_input", "vibestack_jobs_unfed")


def upgrade() -> None:
    _convert_awaiting()
    for name in NEW:
        definition = re.search(rf"CREATE INDEX IF NOT EXISTS {name}\s([^;]*)", INDEXES.read_text())[1]
        live.create_index_concurrently(name, definition)
    live.drop_indexes_concurrently(REPLACED)
    live.set_version(4)


def _convert_awaiting() -> None:
    """Converts the pending jobs of pushed workflows whose payload version 3 wrote.

    A retried job waited for its next dispatch. A job that was created with an input existed without it until its workflow accepted
    the job, and its CreateJob was answered with an error. So the row goes: the caller repeats the call with the same id and input.
    """
    op.execute(
        "UPDATE agent_jobs SET result_payload = NULL"
        " WHERE coalesce(status, 'pending') = 'pending' AND result_payload = '{\"awaiting\": \"dispatch\"}'"
    )
    op.execute(
        "DELETE FROM agent_jobs WHERE coalesce(status, 'pending') = 'pending'"
        " AND result_payload IN ('{\"awaiting\": \"input\"}', '{\"awaiting\": \"acceptance\"}')"
    )


def downgrade() -> None:
    """Refuses, because the schema would no longer serve the programs of this version."""
    raise RuntimeError("vibestack_0004 cannot be undone; to go back, restore a backup.")
