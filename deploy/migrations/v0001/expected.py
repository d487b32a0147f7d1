"""The schema of revision vibestack_0001. It is frozen: adoption compares existing tables with it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Column:
    """One column as pg_catalog.format_type() would print it."""

    name: str
    type: str
    nullable: bool = True
    default: str | None = None

    @property
    def length(self) -> int | None:
        """Returns n of a varchar(n), None of any other type."""
        head, _, tail = self.type.partition("character varying(")
        return int(tail[:-1]) if not head and tail else None


TIMES = (
    Column("created_at", "timestamp with time zone", default="now()"),
    Column("updated_at", "timestamp with time zone", default="now()"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "users": (
        Column("id", "uuid", nullable=False),
        Column("email", "character varying(255)", nullable=False),
        Column("hashed_password", "character varying(255)", nullable=False),
        Column("full_name", "character varying(100)"),
        Column("bio", "text"),
        Column("is_active", "boolean", default="true"),
        Column("is_superuser", "boolean", default="false"),
        *TIMES,
    ),
    "agent_jobs": (
        Column("id", "uuid", nullable=False),
        Column("user_id", "uuid"),
        Column("workflow_id", "character varying(100)", nullable=False),
        Column("status", "character varying(50)", default="'pending'"),
        Column("result_payload", "jsonb"),
        *TIMES,
    ),
}

STATES = ("pending", "processing", "completed", "failed")

# The services may write NULL into these columns, so adoption refuses a NOT NULL on them.
WRITTEN_NULL = {("users", "full_name"), ("users", "bio"), ("agent_jobs", "result_payload")}
