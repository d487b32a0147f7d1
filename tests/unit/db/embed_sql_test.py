"""The output of common/db/embed_sql.py and its messages about mistakes."""

import contextlib
import pathlib
import subprocess
import sys
import tempfile
import unittest

from common.db import embed_sql

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "common/db/embed_sql.py"


def made(*texts):
    """The SQL of each statement by its name. The texts are the files 1.sql, 2.sql, ..."""
    files = [(f"{number}.sql", text) for number, text in enumerate(texts, 1)]
    return {statement.name: statement.sql for statement in embed_sql.statements(files)}


class StatementsTest(unittest.TestCase):
    def test_a_name_begins_a_statement_and_the_next_one_ends_it(self):
        self.assertEqual(made("-- About the file.\n\n-- name: One\nSELECT 1\n\n-- name: TheOther\nSELECT\n  2\n"),
                         {"One": "SELECT 1", "TheOther": "SELECT\n  2"})

    def test_comments_and_blank_lines_are_left_out(self):
        self.assertEqual(made("-- name: One\n-- Mentions {{nothing()}}.\nSELECT 1,\n\n  -- two\n  2"), {"One": "SELECT 1,\n  2"})

    def test_the_database_name_is_in_snake_case(self):
        self.assertEqual(embed_sql.Statement("GetJobsUpTo", "").database_name, "get_jobs_up_to")

    def test_a_macro_stands_for_its_text(self):
        self.assertEqual(made("-- macro: columns(of)\n-- Of a job.\n{{of}}id, {{of}}name\n"
                              "-- name: One\nSELECT {{columns(j.)}} FROM j\n-- name: Two\nSELECT {{columns()}}"),
                         {"One": "SELECT j.id, j.name FROM j", "Two": "SELECT id, name"})

    def test_files_share_macros(self):
        self.assertEqual(made("-- name: One\nSELECT {{one()}}", "-- macro: one()\n1"), {"One": "SELECT 1"})

    def test_a_semicolon_separates_arguments_which_may_hold_commas(self):
        self.assertEqual(made("-- macro: less(a; b)\n({{a}}) < ({{b}})\n-- name: One\nSELECT {{less(x, y;\n  1, 2)}}"),
                         {"One": "SELECT (x, y) < (1, 2)"})

    def test_macros_use_macros_also_in_arguments(self):
        self.assertEqual(made("-- macro: twice(x)\n{{x}}, {{x}}\n-- macro: four(x)\n{{twice({{twice({{x}})}})}}\n"
                              "-- name: One\nSELECT {{four(1)}}"), {"One": "SELECT 1, 1, 1, 1"})

    def test_each_name_of_a_statement_has_its_alternatives(self):
        text = "-- macro: order(by)\nORDER BY {{by}} {{DESC|}}\n-- name: Newest, Oldest\nSELECT 1 {{<|>}} 2 {{order(a)}}"
        self.assertEqual(made(text), {"Newest": "SELECT 1 < 2 ORDER BY a DESC", "Oldest": "SELECT 1 > 2 ORDER BY a"})

    def test_statements_keep_their_order(self):
        self.assertEqual(list(made("-- name: Two\nSELECT 2\n-- name: One\nSELECT 1", "-- name: Three\nSELECT 3")),
                         ["Two", "One", "Three"])


class MistakesTest(unittest.TestCase):
    def check(self, message, *texts):
        with self.assertRaises(embed_sql.EmbedError) as caught:
            made(*texts)
        self.assertEqual(str(caught.exception), message)

    def test_a_statement_without_a_name(self):
        self.check("1.sql:2: a statement without a name", "-- About.\nSELECT 1")

    def test_a_name_without_a_statement(self):
        self.check("1.sql:1: One has no text", "-- name: One\n-- name: Two\nSELECT 2")

    def test_a_head_that_is_nearly_right(self):
        for head in ("--name: One", "-- Name: One", " -- name: One", "-- macro:x()"):
            self.check("1.sql:1: write `-- name: TheName` or `-- macro: the_name(parameters)`", head + "\nSELECT 1")

    def test_a_name_in_another_style(self):
        self.check("1.sql:1: write a name as `ClaimFairly`, not `claim_fairly`", "-- name: claim_fairly\nSELECT 1")

    def test_a_duplicate_name(self):
        self.check("2.sql:1: the statement One stands at 1.sql:1 already", "-- name: One\nSELECT 1", "-- name: One\nSELECT 2")

    def test_a_duplicate_macro(self):
        self.check("2.sql:1: macro one stands at 1.sql:1 already", "-- macro: one()\n1", "-- macro: one()\n2")

    def test_a_macro_without_parentheses(self):
        self.check("1.sql:1: write `-- macro: the_name(one; two)`, not `one`", "-- macro: one\n1")
        self.check("1.sql:3: {{one}} is no parameter here; a macro is used as {{one()}}",
                   "-- macro: one()\n1\n-- name: One\nSELECT {{one}}")

    def test_an_unknown_macro(self):
        self.check("1.sql:2: unknown macro two", "\n-- name: One\nSELECT {{two()}}")

    def test_an_unused_macro(self):
        self.check("1.sql:1: nothing uses the macro one", "-- macro: one()\n1\n-- name: One\nSELECT 1")

    def test_an_unused_parameter(self):
        self.check("1.sql:1: macro one does not use its parameter x", "-- macro: one(x)\n1")

    def test_a_wrong_number_of_arguments(self):
        self.check("1.sql:3: macro sum takes 2 arguments, not 1",
                   "-- macro: sum(a; b)\n{{a}} + {{b}}\n-- name: One\nSELECT {{sum(1)}}")
        self.check("1.sql:3: macro one takes 0 arguments, not 1", "-- macro: one()\n1\n-- name: One\nSELECT {{one(1)}}")

    def test_a_macro_that_uses_itself(self):
        self.check("1.sql:1: macro a uses itself", "-- macro: a()\n{{b()}}\n-- macro: b()\n{{a()}}\n-- name: One\nSELECT {{a()}}")

    def test_a_wrong_number_of_alternatives(self):
        self.check("1.sql:1: {{a|b}} has 2 alternatives for 1 names in One", "-- name: One\nSELECT {{a|b}}")

    def test_braces_that_do_not_close(self):
        for text in ("SELECT {{one()", "SELECT one()}}"):
            self.check("1.sql:1: a {{ without its }}, or the other way round", "-- name: One\n" + text)

    def test_the_end_of_a_raw_string(self):
        self.check('1.sql:1: a statement must not hold )__sql"', '-- name: One\nSELECT \')__sql"\'')

    def test_no_statements(self):
        self.check("no statements in any file", "")


class ProgramTest(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))

    def run_with(self, text):
        file, header = self.folder / "jobs.sql", self.folder / "new/sql.h"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, SCRIPT, header, "a::sql", file], capture_output=True, text=True, check=False)
        return done, header

    def test_writes_a_header(self):
        done, header = self.run_with("-- name: GetJob\nSELECT 'é'\n-- name: GetJobs\nSELECT 2")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(header.read_text(encoding="utf-8"), '''\
// Made from the .sql files of this folder by common/db/embed_sql.py.
#pragma once

#include "common/db/statement.h"

namespace a::sql {

inline constexpr db::Statement kGetJob{"get_job", R"__sql(-- get_job
SELECT 'é')__sql"};

inline constexpr db::Statement kGetJobs{"get_jobs", R"__sql(-- get_jobs
SELECT 2)__sql"};

inline constexpr db::Statement kStatements[] = {kGetJob, kGetJobs};

}  // namespace a::sql
''')

    def test_reports_a_mistake_with_its_place_and_writes_nothing(self):
        done, header = self.run_with("SELECT 1")
        self.assertEqual((done.returncode, done.stderr), (1, f"{self.folder}/jobs.sql:1: a statement without a name\n"))
        self.assertFalse(header.exists())


if __name__ == "__main__":
    unittest.main()
