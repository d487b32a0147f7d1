"""Follows the example "add a table" of CONTRIBUTING.md in a copy of the repository, and migrates databases with it."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import psycopg

from tests.support import migration

HEADING = "## Example: add a table"
PLACE = re.compile(r"^In `([^`]+)`, (?:(at the end)|(before|after|in place of) the line `([^`]+)`):$")
# The tests of schema_test that compare the database of DATABASE_URL.
COMPARISON = ("-k", "test_migrated_database_is_as_the_page_says", "-k", "test_models_are_as_the_database")
# The schema's version, and the programs that it serves.
SERVED = "SELECT vibestack_schema_version(), array(SELECT n FROM generate_series(0, 99) AS n WHERE vibestack_schema_serves(n))"
INSERT_USER = "INSERT INTO users (id, email, hashed_password) VALUES (gen_random_uuid(), 'a@example.org', 'h') RETURNING id"
INSERT_POST = "INSERT INTO posts (id, user_id, title) VALUES (gen_random_uuid(), %s, 'first') RETURNING updated_at"


@dataclasses.dataclass(frozen=True)
class Step:
    """A code block of the example: commands if `path` is empty, else text and its place in a file."""

    text: str
    path: str = ""
    how: str = ""
    line: str = ""


def read_steps(page: str) -> list[Step]:
    """Returns the code blocks of the example in order. Raises ValueError if a block of text has no place."""
    steps = []
    said, block, inside = "", None, False
    for line in page.splitlines():
        if block is not None and line != "```":
            block.append(line)
        elif block is not None:
            steps.append(_step(said, block))
            block = None
        elif line.startswith("## "):
            inside = line == HEADING
        elif inside and line.startswith("```"):
            block = [line]
        elif line:
            said = line
    return steps


def _step(said: str, block: list[str]) -> Step:
    fence, *lines = block
    text = "\n".join(lines) + "\n"
    if fence == "```bash":
        return Step(text)
    place = PLACE.match(said)
    if place is None:
        raise ValueError(f"the line before a code block names no place: {said!r}")
    path, at_end, relation, line = place.groups()
    return Step(text, path, at_end or relation, line or "")


def edited(text: str, step: Step) -> str:
    """Returns the text of a file with the step applied. Raises ValueError if the file has no such line."""
    if step.how == "at the end":
        return f"{text.rstrip()}\n\n\n{step.text}"
    lines = text.splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if line.strip() == step.line]
    if not found:
        raise ValueError(f"{step.path} has no line {step.line!r}")
    at = found[0]
    if step.how == "before":
        return "".join([*lines[:at], step.text, "\n", *lines[at:]])
    if step.how == "after":
        return "".join([*lines[: at + 1], "\n", step.text, *lines[at + 2 :]])
    return "".join([*lines[:at], step.text, *lines[at + 1 :]])


class Copy:
    """A copy of the repository that shares its tools. Removed by `remove`."""

    def __init__(self) -> None:
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="vibestack-add-table-"))
        listing = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=migration.ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, names.split("\0")):
            if (migration.ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(migration.ROOT / name, self.root / name)
        (self.root / ".local").mkdir()
        (self.root / ".local" / "venv").symlink_to(migration.ROOT / ".local" / "venv")

    def remove(self) -> None:
        shutil.rmtree(self.root)

    def path(self, name: str) -> pathlib.Path:
        """Returns the one file of that name; NNNN stands for any number."""
        (path,) = self.root.glob(name.replace("NNNN", "[0-9]" * 4))
        return path

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """Runs a command in the copy; returns its exit code and what it printed."""
        done = subprocess.run(command, cwd=self.root, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120)
        return done.returncode, done.stdout

    def follow(self, step: Step) -> str:
        """Takes one step; returns what its commands printed. Raises AssertionError if they fail."""
        if step.path:
            path = self.path(step.path)
            path.write_text(edited(path.read_text(), step))
            return ""
        code, said = self.run("bash", "-euc", step.text)
        if code != 0:
            raise AssertionError(f"{step.text}{said}")
        return said

    def compare(self, url: str) -> tuple[int, str]:
        """Compares the database with the copy's page and models, as schema_test does."""
        python = str(self.root / ".local" / "venv" / "bin" / "python")
        return self.run(python, "-m", "unittest", *COMPARISON, "tests/integration/schema_test.py", DATABASE_URL=url)

    def migrate(self, url: str) -> tuple[int, str]:
        return self.run(str(self.root / "deploy" / "migrations" / "migrate"), DATABASE_URL=url)


class AddTableTest(migration.ScratchCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.copy = Copy()
        cls.addClassCleanup(cls.copy.remove)
        cls.steps = read_steps((migration.ROOT / "CONTRIBUTING.md").read_text())
        # The last step is the schema test, on a server and a database of its own.
        cls.said = [cls.copy.follow(step) for step in cls.steps]

    def test_every_file_of_the_process_has_a_step_and_the_page_comes_first(self) -> None:
        self.assertEqual(
            [step.path for step in self.steps],
            ["DB_SCHEMA.md", "deploy/migrations/models.py", "", "deploy/migrations/versions/vibestack_NNNN_posts.py",
             "CHANGELOG.md", ""],
        )
        self.assertRegex(self.said[-1], r"Ran \d+ tests in .*\n\nOK\n$")

    def test_database_that_was_migrated_before_gets_the_table(self) -> None:
        url = self.scratch()
        self.migrated(url)
        with psycopg.connect(url) as connection:
            (user,) = connection.execute(INSERT_USER).fetchone()
            version, programs = connection.execute(SERVED).fetchone()
        code, said = self.copy.migrate(url)
        self.assertEqual(code, 0, said)
        code, said = self.copy.compare(url)
        self.assertEqual(code, 0, said)
        with psycopg.connect(url) as connection:
            # The services that run meanwhile stay served.
            self.assertEqual(connection.execute(SERVED).fetchone(), (version + 1, [*programs, version + 1]))
            (before,) = connection.execute(INSERT_POST, (user,)).fetchone()
            ((after,),) = connection.execute("UPDATE posts SET title = 'second' RETURNING updated_at").fetchall()
            self.assertGreater(after, before)
            connection.execute("DELETE FROM users WHERE id = %s", (user,))
            self.assertEqual(connection.execute("SELECT count(*) FROM posts").fetchone(), (0,))
        self.check_that_what_is_left_out_is_named(url)

    def check_that_what_is_left_out_is_named(self, url: str) -> None:
        """Leaves parts out of the page and of the models, and expects the comparison to name each."""
        page, models = self.copy.path("DB_SCHEMA.md"), self.copy.path("deploy/migrations/models.py")
        cases = (
            # A row and a column, then all of the table.
            (r"^\| `title` \| varchar\(200\) .*\n", "posts: columns", r"^    body: .*\n", "remove_column"),
            (r"^## posts\n(?:(?!## ).*\n)*", "posts: not in DB_SCHEMA.md", r"^class Post\(Base\):\n(?:.*\n)*", "remove_table"),
        )
        for row, named_of_page, column, named_of_models in cases:
            with self.subTest(named_of_models):
                whole = {path: path.read_text() for path in (page, models)}
                for path, left_out in ((page, row), (models, column)):
                    part, _ = re.subn(left_out, "", whole[path], flags=re.MULTILINE)
                    self.assertNotEqual(part, whole[path])
                    path.write_text(part)
                code, said = self.copy.compare(url)
                for path, text in whole.items():
                    path.write_text(text)
                self.assertEqual((code, said.count("FAIL: ")), (1, 2), said)
                self.assertIn(named_of_page, said)
                self.assertIn(named_of_models, said)

    def test_adopted_database_gets_the_table(self) -> None:
        url = self.foreign()
        self.migrated(url)
        code, said = self.copy.migrate(url)
        self.assertEqual(code, 0, said)
        with psycopg.connect(url) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM posts").fetchone(), (0,))
            self.assertEqual(connection.execute("SELECT vibestack_schema_version()").fetchone(), (migration.NEWEST + 1,))


class GuideTest(unittest.TestCase):
    def test_block_without_a_place_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "names no place"):
            read_steps(f"{HEADING}\n\nAdd this:\n\n```python\npass\n```\n")

    def test_line_that_is_not_there_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "has no line 'gone'"):
            edited("kept\n", Step("new\n", "page.md", "before", "gone"))


if __name__ == "__main__":
    unittest.main()
