"""Brings the database of DATABASE_URL to the newest schema: creates it, upgrades it, or adopts tables that exist.

It is safe to run twice, at the same time, and while services work. Each migration is applied completely or not at all. When a lock
times out, the migration tries again for VIBESTACK_MIGRATE_WAIT seconds (60 by default). Exit codes: 0 done, 1 failed (the last line
says why), 2 wrong usage, such as a missing DATABASE_URL. It never prints a password.
"""

import logging
import os
import pathlib
import re
import sys

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic import config
from alembic import util
from psycopg import conninfo

import live

HERE = pathlib.Path(__file__).resolve().parent


def normalised_url() -> str:
    """Returns DATABASE_URL in libpq's form; it may have SQLAlchemy's form postgresql+driver://. Exits with 2 if it is no URL."""
    url = os.environ.get("DATABASE_URL", "")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise SystemExit(usage("DATABASE_URL must be set, as postgresql://USER:PASSWORD@HOST:PORT/DATABASE"))
    url = f"postgresql://{rest}"
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise SystemExit(usage("DATABASE_URL is not a URL that PostgreSQL understands")) from None
    if "@" in str(parts.get("host", "")):
        raise SystemExit(usage("DATABASE_URL has an @ in its user or password; write it as %40"))
    return url


def lock_wait() -> str:
    """Returns VIBESTACK_MIGRATE_WAIT, or its default, in seconds. Exits with 2 if it is no number."""
    given = os.environ.get("VIBESTACK_MIGRATE_WAIT", live.LOCK_WAIT)
    if not re.fullmatch(r"\d{1,5}", given):
        raise SystemExit(usage("VIBESTACK_MIGRATE_WAIT must be a number of seconds"))
    return given


def usage(text: str) -> int:
    """Prints what is wrong with the usage and returns its exit code."""
    print(f"migrate: {text}", file=sys.stderr)
    return 2


def explain(error: Exception) -> str:
    """Returns the reason in one line. It holds no SQL, and of the URL only the names of the host and the database."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return "a lock timed out; run it again when the tables are less busy"
    if isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None:
        return f"the database cannot be reached: {' '.join(str(cause).split())}"
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        return f"{cause.diag.message_primary}; uncommitted changes are undone"
    return str(cause)


def main() -> int:
    os.environ["DATABASE_URL"] = normalised_url()
    os.environ["VIBESTACK_MIGRATE_WAIT"] = lock_wait()
    logging.basicConfig(format="migrate: %(message)s", level=logging.WARNING)
    logging.getLogger("vibestack").setLevel(logging.INFO)
    try:
        command.upgrade(config.Config(str(HERE / "alembic.ini")), "head")
    except (sa.exc.SQLAlchemyError, psycopg.Error, util.CommandError, RuntimeError) as error:
        print(f"migrate: {explain(error)}", file=sys.stderr)
        return 1
    print("migrate: the schema is up to date", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
