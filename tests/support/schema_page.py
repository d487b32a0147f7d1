"""Reads the tables of DB_SCHEMA.md and of a database, and reports the differences."""

import dataclasses
import pathlib
import re

import psycopg

PAGE = pathlib.Path(__file__).resolve().parents[2] / "DB_SCHEMA.md"
HEADER = ["column", "type", "null", "default", "key", "meaning"]
SHORT_TYPES = {"timestamp with time zone": "timestamptz", "character varying": "varchar"}

COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname, a.attnum
"""

KEYS = """
SELECT k.conrelid::regclass::text, pg_get_constraintdef(k.oid)
FROM pg_constraint AS k
WHERE k.connamespace = current_schema()::regnamespace AND k.contype IN ('p', 'u', 'f')
"""


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool
    default: str
    keys: frozenset[str]


Tables = dict[str, list[Column]]


def read_page(text: str) -> Tables:
    """Returns the tables of the page. Each stands under a heading with its name and begins with HEADER."""
    tables: Tables = {}
    heading = None
    inside = False
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").strip()
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if cells == HEADER:
            inside = True
            tables[heading] = []
        elif not cells:
            inside = False
        elif inside and not set(cells[0]) <= set("- "):
            tables[heading].append(_column(*cells[:5]))
    return tables


def _column(name: str, kind: str, null: str, default: str, key: str) -> Column:
    if null not in ("yes", "no"):
        raise ValueError(f"{name}: null must be yes or no, not {null!r}")
    keys = frozenset(part.strip() for part in key.split(",") if part.strip())
    return Column(name.strip("`"), kind, null == "yes", default, keys)


def read_database(connection: psycopg.Connection) -> Tables:
    """Returns every table and view of the current schema except alembic_version, in the page's words."""
    keys: dict[tuple[str, str], set[str]] = {}
    for table, definition in connection.execute(KEYS).fetchall():
        column, key = _key(definition)
        keys.setdefault((table, column), set()).add(key)
    tables: Tables = {}
    for table, name, kind, nullable, default in connection.execute(COLUMNS).fetchall():
        for long, short in SHORT_TYPES.items():
            kind = kind.replace(long, short)
        default = re.sub(r"::[a-z ]+$", "", default)
        found = frozenset(keys.pop((table, name), ()))
        tables.setdefault(table, []).append(Column(name, kind, nullable, default, found))
    tables.pop("alembic_version", None)
    for table, column in keys:
        if table != "alembic_version":
            tables.setdefault(table, []).append(Column(f"key over {column}", "", True, "", frozenset(keys[table, column])))
    return tables


def _key(definition: str) -> tuple[str, str]:
    """Converts a constraint's definition into (column, the page's word for the key)."""
    kind, columns, rest = re.fullmatch(r"([A-Z ]+?) \(([^)]*)\)(.*)", definition).groups()
    if kind == "FOREIGN KEY":
        return columns, rest.strip().replace("REFERENCES", "references")
    return columns, kind.lower()


def differences(page: Tables, database: Tables) -> list[str]:
    """Returns one line for each difference. The order of columns matters."""
    found = []
    for table in sorted(page.keys() | database.keys()):
        if table not in database:
            found.append(f"{table}: not in the database")
        elif table not in page:
            found.append(f"{table}: not in DB_SCHEMA.md")
        else:
            found += _table_differences(table, page[table], database[table])
    return found


def _table_differences(table: str, page: list[Column], database: list[Column]) -> list[str]:
    names = [column.name for column in page]
    have = [column.name for column in database]
    if names != have:
        return [f"{table}: columns {have}, DB_SCHEMA.md says {names}"]
    return [f"{table}.{p.name}: {d}, DB_SCHEMA.md says {p}" for p, d in zip(page, database) if p != d]
