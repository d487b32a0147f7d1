"""Reads what an existing table looks like from pg_catalog."""

import dataclasses
import re

import psycopg

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '' OR a.attidentity <> ''
FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""

# A valid unique index over exactly this column, with or without a constraint. ON CONFLICT cannot use a deferrable one.
UNIQUE = """
SELECT coalesce(bool_or(i.indisprimary), false), count(*) > 0
FROM pg_index AS i
WHERE i.indrelid = %s::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = 1
  AND i.indkey[0] = (SELECT attnum FROM pg_attribute WHERE attrelid = i.indrelid AND attname = %s)
"""

CHECKS = """
SELECT c.conname, pg_get_constraintdef(c.oid)
FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
WHERE c.conrelid = %s::regclass AND c.contype = 'c' AND cardinality(c.conkey) = 1 AND a.attname = %s
"""

FOREIGN_KEY = """
SELECT count(*) FROM pg_constraint AS c
WHERE c.contype = 'f' AND c.conrelid = %s::regclass AND c.confrelid = %s::regclass
  AND c.conkey = ARRAY[(SELECT attnum FROM pg_attribute WHERE attrelid = c.conrelid AND attname = %s)]
  AND c.confkey = ARRAY[(SELECT attnum FROM pg_attribute WHERE attrelid = c.confrelid AND attname = 'id')]
"""


@dataclasses.dataclass(frozen=True)
class Found:
    """A column that exists."""

    type: str
    not_null: bool
    default: str | None
    computed: bool


class Catalog:
    """Answers questions about tables of the current schema."""

    def __init__(self, cursor: psycopg.Cursor) -> None:
        self._cursor = cursor
        self._schema = self.one("SELECT quote_ident(current_schema())")

    def one(self, query: str, *values: object) -> object:
        """Returns the first column of the first row."""
        return self._cursor.execute(query, values or None).fetchone()[0]

    def any(self, query: str) -> bool:
        """Returns whether the query finds a row."""
        return bool(self.one(f"SELECT EXISTS ({query})"))

    def table(self, name: str) -> str:
        """Returns the qualified name."""
        return f"{self._schema}.{name}"

    def is_plain_table(self, name: str) -> bool:
        """Returns whether it is a table, and not a view, a foreign or a partitioned table."""
        return self.one("SELECT relkind FROM pg_class WHERE oid = %s::regclass", self.table(name)) == "r"

    def columns(self, table: str) -> dict[str, Found]:
        """Returns the columns of a table by name."""
        rows = self._cursor.execute(COLUMNS, (self.table(table),)).fetchall()
        return {name: Found(*rest) for name, *rest in rows}

    def unique(self, table: str, column: str) -> tuple[bool, bool]:
        """Returns whether the column is the primary key, and whether it is unique."""
        return self._cursor.execute(UNIQUE, (self.table(table), column)).fetchone()

    def has_primary_key(self, table: str) -> bool:
        """Returns whether the table has a primary key over any columns."""
        return bool(
            self.one("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass AND indisprimary", self.table(table))
        )

    def checks(self, table: str, column: str) -> list[tuple[str, str]]:
        """Returns name and definition of the CHECK constraints on that column alone."""
        return self._cursor.execute(CHECKS, (self.table(table), column)).fetchall()

    def refused(self, definition: str, column: str, texts: tuple[str, ...]) -> list[str]:
        """Returns which of the texts a CHECK on that column alone refuses."""
        condition = re.sub(r"( NOT VALID| NO INHERIT)+$", "", definition).removeprefix("CHECK ")
        rows = ", ".join(f"('{text}'::varchar)" for text in texts)
        query = f"SELECT {column} FROM (VALUES {rows}) AS t ({column}) WHERE ({condition}) IS FALSE"
        return [row[0] for row in self._cursor.execute(query).fetchall()]

    def references(self, table: str, column: str, target: str) -> bool:
        """Returns whether a foreign key under any name leads from the column to the target's id."""
        return bool(self.one(FOREIGN_KEY, self.table(table), self.table(target), column))
