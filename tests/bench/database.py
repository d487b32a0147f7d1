"""The benchmark's own access to PostgreSQL: settings, rows to read, and pgbench as the yardstick."""

import os
import pathlib
import re
import urllib.parse

from services import Failure, check_output

HERE = pathlib.Path(__file__).parent
SERVER_PROGRAMS = "/usr/lib/postgresql/15/bin"
# The setting of job_service's sessions: the NOTIFY trigger stays silent for them.
SILENT = "-c vibestack.own_news=on"


def environment(url):
    """The environment in which psql and pgbench reach the database, the password not on a command line."""
    parts = urllib.parse.urlsplit(url)
    return {
        **os.environ,
        "PATH": f"{SERVER_PROGRAMS}:{os.environ['PATH']}",
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": urllib.parse.unquote(parts.username or ""),
        "PGPASSWORD": urllib.parse.unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }


class Database:
    def __init__(self, url):
        self._environment = environment(url)

    def query(self, *statements):
        """Runs statements, each in a transaction of its own; returns the rows as text, one a line."""
        commands = [argument for statement in statements for argument in ("-c", statement)]
        return check_output(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", *commands], env=self._environment)

    def make_room(self, clients):
        """Lets in that many clients beside the services, which needs a restart of the test's server."""
        if int(self.query("SHOW max_connections")) < clients + 64:
            self.query(f"ALTER SYSTEM SET max_connections = {clients + 64}")
            check_output([os.environ["VIBESTACK_TEST_PG_CTL"], "restart"])
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if self.query(f"SHOW {setting}").strip() != "on":
                raise Failure(f"{setting} is off: commits would cost nothing and the ratios mean nothing")

    def make_users(self, count):
        """Makes users to read, and returns their ids."""
        self.query(
            "INSERT INTO users (id, email, hashed_password, full_name) "
            "SELECT gen_random_uuid(), 'bench-' || n || '@example.com', repeat('x', 60), 'Bench User ' || n "
            f"FROM generate_series(1, {count}) n",
            "VACUUM ANALYZE users")
        return self.query("SELECT id FROM users WHERE email LIKE 'bench-%'").split()

    def empty_jobs(self):
        """The same state of table and log for whoever inserts next."""
        self.query("TRUNCATE agent_jobs", "CHECKPOINT")

    def make_jobs(self, count, user_id):
        """Makes jobs of a user to read, instead of those that are there, and returns their ids."""
        self.empty_jobs()
        self.query(
            "INSERT INTO agent_jobs (id, user_id, workflow_id) "
            f"SELECT gen_random_uuid(), '{user_id}', 'bench' FROM generate_series(1, {count})",
            "VACUUM ANALYZE agent_jobs", "CHECKPOINT")
        return self.query("SELECT id FROM agent_jobs").split()

    def pgbench(self, script, user_id, clients, seconds, options=""):
        """Transactions a second of a script with that many clients; a failed one is an error."""
        output = check_output(
            ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds),
             "-D", f"user_id={user_id}", "-f", str(HERE / script)],
            env={**self._environment, "PGOPTIONS": options})
        failed = re.search(r"^number of failed transactions: (\d+)", output, re.MULTILINE)
        rate = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
        if not rate or not failed or int(failed.group(1)) > 0:
            raise Failure(f"pgbench {script} failed:\n{output}")
        return float(rate.group(1))
