"""Writes a C++ header with the SQL statements of a store.

  python3 common/db/embed_sql.py HEADER NAMESPACE FILE...

Each FILE holds statements and macros. A line `-- name:` or `-- macro:` begins one, and the next such line ends it:

  -- macro: user_columns(of)
  -- Comments stand anywhere on lines of their own. The header leaves them out.
  {{of}}id, {{of}}email

  -- name: GetUser
  SELECT {{user_columns(u.)}} FROM users AS u WHERE u.id = $1

  -- name: ListNewest, ListOldest
  SELECT {{user_columns()}} FROM users ORDER BY created_at {{DESC|}}

- `GetUser` becomes the constant `kGetUser` of the type db::Statement. PostgreSQL, logs and metrics call it `get_user`.
- `{{user_columns(u.)}}` stands for the macro's text. Semicolons separate arguments, so that an argument may hold commas.
  All files of one call share their macros.
- `{{of}}` inside a macro stands for the argument of that parameter.
- `{{DESC|}}` has one alternative for each name of the statement: `DESC` for ListNewest and nothing for ListOldest.

A mistake ends the program with the status 1 and one line `FILE:LINE: what is wrong`.
"""

import dataclasses
import pathlib
import re
import sys

HEAD = re.compile(r"-- (name|macro): (.+)")
NEARLY_A_HEAD = re.compile(r"\s*--\s*(name|macro)\s*:", re.IGNORECASE)
STATEMENT_NAME = re.compile(r"([A-Z][a-z0-9]+)+")
SIGNATURE = re.compile(r"([a-z_]+)\(([a-z_; ]*)\)")
# The innermost braces: arguments are complete before the macro that takes them.
BRACES = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
CALL = re.compile(r"\s*(\w+)\((.*)\)\s*", re.DOTALL)
RAW_STRING_END = ')__sql"'


class EmbedError(Exception):
    """A mistake in a file of statements."""


@dataclasses.dataclass(frozen=True)
class Section:
    """A statement or a macro."""

    place: str  # FILE:LINE
    kind: str  # "name" or "macro"
    title: str  # the text after the kind
    text: str  # without comments

    def error(self, message):
        return EmbedError(f"{self.place}: {message}")


@dataclasses.dataclass(frozen=True)
class Macro:
    section: Section
    parameters: tuple


@dataclasses.dataclass(frozen=True)
class Statement:
    name: str  # the C++ name without its `k`
    sql: str

    @property
    def database_name(self):
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()


def sections(path, text):
    """The sections of one file, in order."""
    found = []
    head, lines = None, []

    def close():
        if head is None:
            return
        section = Section(*head, "\n".join(lines))
        if not section.text:
            raise section.error(f"{section.title} has no text")
        found.append(section)

    for number, line in enumerate(text.splitlines(), 1):
        place = f"{path}:{number}"
        match = HEAD.fullmatch(line.rstrip())
        if match:
            close()
            head, lines = (place, match[1], match[2]), []
        elif NEARLY_A_HEAD.match(line):
            raise EmbedError(f"{place}: write `-- name: TheName` or `-- macro: the_name(parameters)`")
        elif not line.strip() or line.lstrip().startswith("--"):
            continue
        elif head is None:
            raise EmbedError(f"{place}: a statement without a name")
        else:
            lines.append(line.rstrip())
    close()
    return found


class Macros:
    """The macros of all files. Remembers which ones were used."""

    def __init__(self, all_sections):
        self._macros = {}
        self._used = set()
        for section in all_sections:
            if section.kind == "macro":
                self._add(section)

    def _add(self, section):
        match = SIGNATURE.fullmatch(section.title)
        if match is None:
            raise section.error(f"write `-- macro: the_name(one; two)`, not `{section.title}`")
        name, parameters = match[1], tuple(word.strip() for word in match[2].split(";") if word.strip())
        if name in self._macros:
            raise section.error(f"macro {name} stands at {self._macros[name].section.place} already")
        for parameter in parameters:
            if "{{" + parameter + "}}" not in section.text:
                raise section.error(f"macro {name} does not use its parameter {parameter}")
        self._macros[name] = Macro(section, parameters)

    def expand(self, section, text, name, names, inside=()):
        """`text` of `section` with all braces replaced, for the statement `name`, one of the `names` of the text."""
        while (match := BRACES.search(text)) is not None:
            call = CALL.fullmatch(match[1])
            if call is not None:
                replacement = self._call(section, call[1], call[2], name, names, inside)
            elif "|" in match[1]:
                replacement = self._alternative(section, match[1], name, names)
            else:
                raise section.error(f"{match[0]} is no parameter here; a macro is used as {{{{{match[1].strip()}()}}}}")
            text = text[:match.start()] + replacement + text[match.end():]
        if "{{" in text or "}}" in text:
            raise section.error("a {{ without its }}, or the other way round")
        return text

    def _call(self, section, macro_name, arguments, name, names, inside):
        macro = self._macros.get(macro_name)
        if macro is None:
            raise section.error(f"unknown macro {macro_name}")
        if macro_name in inside:
            raise macro.section.error(f"macro {macro_name} uses itself")
        self._used.add(macro_name)
        values = [value.strip() for value in arguments.split(";")] if macro.parameters or arguments.strip() else []
        if len(values) != len(macro.parameters):
            raise section.error(f"macro {macro_name} takes {len(macro.parameters)} arguments, not {len(values)}")
        text = macro.section.text
        for parameter, value in zip(macro.parameters, values):
            text = text.replace("{{" + parameter + "}}", value)
        # The error of a mistake in a macro names the macro's line.
        return self.expand(macro.section, text, name, names, (*inside, macro_name))

    @staticmethod
    def _alternative(section, braces, name, names):
        alternatives = braces.split("|")
        if len(alternatives) != len(names):
            raise section.error(f"{{{{{braces}}}}} has {len(alternatives)} alternatives for {len(names)} names in {name}")
        return alternatives[names.index(name)].strip()

    def check_use(self):
        for name, macro in self._macros.items():
            if name not in self._used:
                raise macro.section.error(f"nothing uses the macro {name}")


def statements(files):
    """The statements of (path, text) pairs, in order."""
    all_sections = [section for path, text in files for section in sections(path, text)]
    macros = Macros(all_sections)
    made, places = [], {}
    for section in all_sections:
        if section.kind != "name":
            continue
        names = [name.strip() for name in section.title.split(",")]
        for name in names:
            if STATEMENT_NAME.fullmatch(name) is None:
                raise section.error(f"write a name as `ClaimFairly`, not `{name}`")
            if name in places:
                raise section.error(f"the statement {name} stands at {places[name]} already")
            places[name] = section.place
            sql = macros.expand(section, section.text, name, names)
            sql = "\n".join(line.rstrip() for line in sql.splitlines() if line.strip())
            if RAW_STRING_END in sql:
                raise section.error(f"a statement must not hold {RAW_STRING_END}")
            made.append(Statement(name, sql))
    macros.check_use()
    if not made:
        raise EmbedError("no statements in any file")
    return made


def header(namespace, made):
    """The text of the header. A statement begins with its name, which pg_stat_activity then shows."""
    lines = ["// Made from the .sql files of this folder by common/db/embed_sql.py.", "#pragma once", "",
             '#include "common/db/statement.h"', "", f"namespace {namespace} {{", ""]
    for statement in made:
        name = statement.database_name
        lines += [f'inline constexpr db::Statement k{statement.name}{{"{name}", R"__sql(-- {name}',
                  f'{statement.sql})__sql"}};', ""]
    constants = ", ".join("k" + statement.name for statement in made)
    lines += [f"inline constexpr db::Statement kStatements[] = {{{constants}}};", "", f"}}  // namespace {namespace}", ""]
    return "\n".join(lines)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    path, namespace, *files = sys.argv[1:]
    try:
        made = statements([(file, pathlib.Path(file).read_text(encoding="utf-8")) for file in files])
    except EmbedError as error:
        sys.exit(str(error))
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text(header(namespace, made), encoding="utf-8")


if __name__ == "__main__":
    main()
