"""The tables as SQLAlchemy models, for Python programs beside the services.

DB_SCHEMA.md is the source of truth, and a test compares it with these models. All defaults are the server's, so a row has the same
meaning whichever program writes it. A trigger sets `updated_at` on every UPDATE and overwrites what a program assigns.
"""

import datetime
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql


class Base(orm.DeclarativeBase):
    """Holds the metadata of all tables."""


class User(Base):
    """An account that may log in."""

    __tablename__ = "users"

    id: orm.Mapped[uuid.UUID] = orm.mapped_column(postgresql.UUID(as_uuid=True), primary_key=True)
    email: orm.Mapped[str] = orm.mapped_column(sa.String(255), unique=True)
    hashed_password: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    full_name: orm.Mapped[str | None] = orm.mapped_column(sa.String(100))
    bio: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    is_active: orm.Mapped[bool | None] = orm.mapped_column(sa.Boolean, server_default=sa.true())
    is_superuser: orm.Mapped[bool | None] = orm.mapped_column(sa.Boolean, server_default=sa.false())
    created_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    updated_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )


class AgentJob(Base):
    """One run of a workflow that a user asked for."""

    __tablename__ = "agent_jobs"
    __table_args__ = (
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'failed')", name="agent_jobs_status_check"
        ),
    )

    id: orm.Mapped[uuid.UUID] = orm.mapped_column(postgresql.UUID(as_uuid=True), primary_key=True)
    user_id: orm.Mapped[uuid.UUID | None] = orm.mapped_column(
        postgresql.UUID(as_uuid=True), sa.ForeignKey("users.id")
    )
    workflow_id: orm.Mapped[str] = orm.mapped_column(sa.String(100))
    status: orm.Mapped[str | None] = orm.mapped_column(sa.String(50), server_default=sa.text("'pending'"))
    result_payload: orm.Mapped[Any | None] = orm.mapped_column(postgresql.JSONB)
    created_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    updated_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
