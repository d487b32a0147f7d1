"""Brings the database of DATABASE_URL to the newest schema: makes it, upgrades it, or adopts tables that exist.

Safe to run twice, at the same time, and while services work: each migration is applied whole or not at all, and a lock that is
not to be had at once is tried for again, for VIBESTACK_MIGRATE_WAIT seconds (60 by default). Exit codes: 0 done, 1 could not
be done (the reason is the last line), 2 DATABASE_URL is missing or no URL. A password is never printed.
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
    """Returns DATABASE_URL for libpq; SQLAlchemy's postgresql+driver:// is taken as well."""
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
        raise SystemExit(usage("DATABASE_URL has an @ inside its user or password: write it as %40"))
    return url


def patience() -> str:
    """Returns VIBESTACK_MIGRATE_WAIT, or its default."""
    given = os.environ.get("VIBESTACK_MIGRATE_WAIT", live.PATIENCE)
    if not re.fullmatch(r"\d{1,5}", given):
        raise SystemExit(usage("VIBESTACK_MIGRATE_WAIT must be a number of seconds"))
    return given


def usage(text: str) -> int:
    print(f"migrate: {text}", file=sys.stderr)
    return 2


def explain(error: Exception) -> str:
    """Says in one line what went wrong, with nothing of the statement or the URL but host and database names."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return "a lock was not to be had in time; run it again when the tables are less busy"
    if isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None:
        return f"the database cannot be reached: {' '.join(str(cause).split())}"
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        return f"{cause.diag.message_primary}; what was not committed is undone"
    return str(cause)


def main() -> int:
    os.environ["DATABASE_URL"] = normalised_url()
    os.environ["VIBESTACK_MIGRATE_WAIT"] = patience()
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
