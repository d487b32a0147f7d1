"""The benchmark's own access to PostgreSQL: settings, rows to read, and pgbench as the yardstick."""

import os
import pathlib
import re
import tempfile
import urllib.parse

from services import Failure, check_output

HERE = pathlib.Path(__file__).parent
SERVER_PROGRAMS = "/usr/lib/postgresql/15/bin"
# The setting of job_service's sessions: the NOTIFY trigger stays silent for them.
SILENT = "-c vibestack.own_notify=on"
# The commit without its flush to disk.
NO_FLUSH = f"{SILENT} -c synchronous_commit=off"
# As job_service's sessions plan: by the indexes, whatever is known of the table.
BY_INDEX = f"{SILENT} -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off " \
    "-c enable_mergejoin=off -c enable_bitmapscan=off -c jit=off"


def environment(url):
    """Returns the environment for psql and pgbench, which keeps the password off the command line."""
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
        """Runs each statement in its own transaction; returns the rows as text, one for each line."""
        commands = [argument for statement in statements for argument in ("-c", statement)]
        return check_output(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", *commands], env=self._environment)

    def set_max_connections(self, clients):
        """Allows that many clients beside the services. This restarts the test's server."""
        if int(self.query("SHOW max_connections")) < clients + 64:
            self.query(f"ALTER SYSTEM SET max_connections = {clients + 64}")
            check_output([os.environ["VIBESTACK_TEST_PG_CTL"], "restart"])
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if self.query(f"SHOW {setting}").strip() != "on":
                raise Failure(f"{setting} is off: commits would cost nothing and the ratios mean nothing")

    def make_users(self, count):
        """Creates users to read; returns their ids."""
        self.query(
            "INSERT INTO users (id, email, hashed_password, full_name) "
            "SELECT gen_random_uuid(), 'bench-' || n || '@example.com', repeat('x', 60), 'Bench User ' || n "
            f"FROM generate_series(1, {count}) n",
            "VACUUM ANALYZE users")
        return self.query("SELECT id FROM users WHERE email LIKE 'bench-%'").split()

    def empty_jobs(self):
        """Resets table and log, so that each insert starts from the same state."""
        self.query("TRUNCATE agent_jobs", "CHECKPOINT")

    def make_jobs(self, count, user_id):
        """Replaces all jobs by new jobs of a user; returns their ids."""
        self.empty_jobs()
        self.query(
            "INSERT INTO agent_jobs (id, user_id, workflow_id) "
            f"SELECT gen_random_uuid(), '{user_id}', 'bench' FROM generate_series(1, {count})",
            "VACUUM ANALYZE agent_jobs", "CHECKPOINT")
        return self.query("SELECT id FROM agent_jobs").split()

    def make_pending_jobs(self, user_ids, count):
        """Fills the table with that many pending jobs, spread evenly over the users, and nothing else."""
        self.empty_jobs()
        self.query(
            "INSERT INTO agent_jobs (id, user_id, workflow_id, status, created_at, updated_at) "
            f"SELECT gen_random_uuid(), ('{{{','.join(user_ids)}}}'::uuid[])[n % {len(user_ids)} + 1], 'bench', "
            "'pending', now() + n * interval '1 microsecond', now() + n * interval '1 microsecond' "
            f"FROM generate_series(1, {count}) n",
            "VACUUM ANALYZE agent_jobs",
            "CHECKPOINT")

    def count_jobs(self, status):
        return int(self.query(f"SELECT count(*) FROM agent_jobs WHERE status = '{status}'"))

    def pgbench(self, script, variables, clients, length, options=""):
        """Returns the transactions a second of a script with that many clients. A failed transaction is an error.

        `length` is ("-T", seconds) or ("-t", transactions of each client)."""
        output = self._pgbench(script, variables, options, "-c", clients, "-j", 2, *length)
        rate = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
        if not rate:
            raise Failure(f"pgbench {script} failed:\n{output}")
        return float(rate.group(1))

    def latencies(self, script, variables, count, rate, options=""):
        """Runs `count` transactions of one client at `rate` a second; returns the duration of each in microseconds."""
        with tempfile.TemporaryDirectory(prefix="vibestack-pgbench-") as directory:
            self._pgbench(script, variables, options, "-c", 1, "-t", count, "--rate", rate, "--log",
                          f"--log-prefix={directory}/log")
            lines = [line.split() for log in pathlib.Path(directory).iterdir()
                     for line in log.read_text(encoding="utf-8").splitlines()]
        # The third is counted from when it should have begun, the last says how late it did.
        return [int(line[2]) - int(line[6]) for line in lines]

    def _pgbench(self, script, variables, options, *arguments):
        defines = [argument for name, value in variables.items() for argument in ("-D", f"{name}={value}")]
        output = check_output(
            ["pgbench", "-n", "-M", "prepared", *map(str, arguments), *defines, "-f", str(HERE / script)],
            env={**self._environment, "PGOPTIONS": options})
        failed = re.search(r"^number of failed transactions: (\d+)", output, re.MULTILINE)
        if not failed or int(failed.group(1)) > 0:
            raise Failure(f"pgbench {script} failed:\n{output}")
        return output
