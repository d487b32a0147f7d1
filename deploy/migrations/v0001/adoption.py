"""Adopts tables that another program made: adds what is missing, drops nothing, and changes no row except for NULL times.

It first collects everything that it cannot adopt and reports that in one error. If there is nothing, it makes the changes.
"""

import logging

import psycopg

from v0001 import expected
from v0001.catalog import Catalog
from v0001.catalog import Found
from v0001.expected import Column

log = logging.getLogger("vibestack.adoption")


def adopt(cursor: psycopg.Cursor) -> None:
    """Completes users and agent_jobs, which exist. Raises RuntimeError with every difference that it cannot adopt."""
    catalog = Catalog(cursor)
    encoding = catalog.one("SELECT upper(pg_encoding_to_char(encoding)) = 'UTF8' FROM pg_database WHERE datname = current_database()")
    if not encoding:
        raise RuntimeError("the database must have the encoding UTF8; nothing was changed")
    kinds = [name for name in expected.TABLES if not catalog.is_plain_table(name)]
    if kinds:
        raise RuntimeError(f"{' and '.join(kinds)} must be plain tables; nothing was changed")
    cursor.execute("LOCK TABLE users, agent_jobs IN SHARE ROW EXCLUSIVE MODE")
    found = {table: catalog.columns(table) for table in expected.TABLES}
    problems = [problem for table in expected.TABLES for problem in differences(catalog, table, found[table])]
    if problems:
        raise RuntimeError("these tables cannot be adopted, nothing was changed: " + "; ".join(problems))
    for table in expected.TABLES:
        complete_columns(cursor, table, found[table])
        complete_keys(cursor, catalog, table)
    complete_email(cursor, catalog)
    complete_user_id(cursor, catalog)
    complete_status(cursor, catalog)
    report(catalog)


def report(catalog: Catalog) -> None:
    """Logs rows that the services take, but not as they are."""
    for table in expected.TABLES:
        far = catalog.one(
            f"SELECT count(*) FROM {table} WHERE least(created_at, updated_at) < '0001-01-01 00:00:00+00'"
            " OR greatest(created_at, updated_at) >= '10000-01-01 00:00:00+00'"
        )
        if far:
            log.warning("%s: %d rows have a time outside of the years 1 to 9999; the API shows the nearest one", table, far)
    hashes = catalog.one("SELECT count(*) FROM users WHERE hashed_password !~ '^[$]2[aby][$][0-9]{2}[$].{53}$'")
    if hashes:
        log.warning("users: %d rows have a hash that is not bcrypt, so these users cannot log in with their password", hashes)


def differences(catalog: Catalog, table: str, found: dict[str, Found]) -> list[str]:
    """Returns what prevents the adoption of an existing table."""
    problems = []
    for column in expected.TABLES[table]:
        have = found.get(column.name)
        if have is None:
            if not column.nullable:
                problems.append(f"{table}.{column.name} is missing and must be NOT NULL")
            continue
        problems += column_differences(catalog, table, column, have)
    known = {column.name for column in expected.TABLES[table]}
    for name, have in found.items():
        if name not in known and have.not_null and have.default is None and not have.computed:
            problems.append(f"{table}.{name} is not in the schema, is NOT NULL and has no default, so the services cannot insert rows")
    problems += key_differences(catalog, table, found)
    return problems


def column_differences(catalog: Catalog, table: str, column: Column, have: Found) -> list[str]:
    """Compares one column. A missing default, or a missing NOT NULL that every row satisfies, is no difference."""
    name = f"{table}.{column.name}"
    problems = []
    if not type_fits(column, have.type):
        problems.append(f"{name} is {have.type}, not {column.type}")
    if have.computed:
        problems.append(f"{name} is a generated or identity column")
    if have.not_null and (table, column.name) in expected.WRITTEN_NULL:
        problems.append(f"{name} is NOT NULL, but the services write NULL into it")
    if not column.nullable and not have.not_null and catalog.any(f"SELECT FROM {table} WHERE {column.name} IS NULL"):
        problems.append(f"{name} holds NULL in some rows")
    return problems


def type_fits(column: Column, have: str) -> bool:
    """Accepts the same type and, for a varchar(n), a longer text type: the services check lengths before they run SQL."""
    if have == column.type:
        return True
    if column.length is None:
        return False
    if have in ("text", "character varying"):
        return True
    prefix = "character varying("
    return have.startswith(prefix) and int(have[len(prefix) : -1]) >= column.length


def key_differences(catalog: Catalog, table: str, found: dict[str, Found]) -> list[str]:
    """Returns which keys and CHECKs contradict the schema."""
    problems = []
    primary, _ = catalog.unique(table, "id")
    if not primary and catalog.has_primary_key(table):
        problems.append(f"the primary key of {table} is not id")
    elif not primary and "id" in found and duplicates(catalog, table, "id"):
        problems.append(f"{table}.id holds the same value in several rows")
    if table == "users" and "email" in found and not catalog.unique(table, "email")[1]:
        if duplicates(catalog, table, "email"):
            problems.append(
                "users.email holds the same value in several rows, so it cannot be UNIQUE"
                " (SELECT email FROM users GROUP BY email HAVING count(*) > 1 shows them)"
            )
    if table == "agent_jobs" and "status" in found:
        for name, definition in catalog.checks(table, "status"):
            missing = catalog.refused(definition, "status", expected.STATES)
            if missing:
                problems.append(f"the CHECK {name} on agent_jobs.status does not allow {', '.join(missing)}: {definition}")
    return problems


def duplicates(catalog: Catalog, table: str, column: str) -> bool:
    return catalog.any(f"SELECT FROM {table} WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1")


def complete_columns(cursor: psycopg.Cursor, table: str, found: dict[str, Found]) -> None:
    """Adds columns, defaults and NOT NULLs, and fills NULL times."""
    for column in expected.TABLES[table]:
        have = found.get(column.name)
        if have is None:
            # The default follows below, so existing rows get NULL. The services read NULL as the default.
            alter(cursor, table, f"ADD COLUMN {column.name} {column.type}")
        if column.default and (have is None or have.default is None):
            alter(cursor, table, f"ALTER COLUMN {column.name} SET DEFAULT {column.default}")
        if not column.nullable and not have.not_null:
            alter(cursor, table, f"ALTER COLUMN {column.name} SET NOT NULL")
    cursor.execute(
        f"UPDATE {table} SET created_at = coalesce(created_at, updated_at, now()),"
        " updated_at = coalesce(updated_at, created_at, now()) WHERE created_at IS NULL OR updated_at IS NULL"
    )
    if cursor.rowcount:
        log.info("%s: filled NULL timestamps of %d rows", table, cursor.rowcount)


def complete_keys(cursor: psycopg.Cursor, catalog: Catalog, table: str) -> None:
    if not catalog.unique(table, "id")[0]:
        alter(cursor, table, "ADD PRIMARY KEY (id)")


def complete_email(cursor: psycopg.Cursor, catalog: Catalog) -> None:
    """Adds UNIQUE unless a constraint or a unique index (from SQLAlchemy's index=True, unique=True) exists."""
    if not catalog.unique("users", "email")[1]:
        alter(cursor, "users", "ADD UNIQUE (email)")


def complete_user_id(cursor: psycopg.Cursor, catalog: Catalog) -> None:
    """Adds the foreign key. Jobs whose user is gone stay; the key then holds for new rows only."""
    if catalog.references("agent_jobs", "user_id", "users"):
        return
    orphans = catalog.any(
        "SELECT FROM agent_jobs AS j WHERE j.user_id IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM users AS u WHERE u.id = j.user_id)"
    )
    alter(cursor, "agent_jobs", f"ADD FOREIGN KEY (user_id) REFERENCES users (id){' NOT VALID' if orphans else ''}")


def complete_status(cursor: psycopg.Cursor, catalog: Catalog) -> None:
    """Adds the CHECK of the four states; NULL passes it. Rows with another status stay; the CHECK then holds for new rows only."""
    for _, definition in catalog.checks("agent_jobs", "status"):
        if all(f"'{state}'" in definition for state in expected.STATES):
            return
    states = ", ".join(f"'{state}'" for state in expected.STATES)
    strangers = catalog.one(f"SELECT count(*) FROM agent_jobs WHERE status NOT IN ({states})")
    if strangers:
        log.warning("agent_jobs: %d rows have a status that is none of %s; the services leave them alone", strangers, states)
    alter(cursor, "agent_jobs", f"ADD CHECK (status IN ({states})){' NOT VALID' if strangers else ''}")


def alter(cursor: psycopg.Cursor, table: str, change: str) -> None:
    """Runs and logs one ALTER TABLE."""
    log.info("ALTER TABLE %s %s", table, change)
    cursor.execute(f"ALTER TABLE {table} {change}")
