"""A primary PostgreSQL with a synchronous standby. Tests stop the primary and promote the standby."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

import psycopg

from tests.support.local_up import ROOT, free_ports
from tests.support.waiting import eventually

SCRIPT = ROOT / "deploy" / "local" / "postgres"
CLUSTERS = ROOT / ".local" / "test-postgres"
BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
DATABASE = "vibestack"


def as_server(*command, **environment):
    """Runs a program of PostgreSQL as the server's user.

    setpriv changes the user instead of subprocess. With a user, subprocess would fork, and gRPC's fork handlers may abort
    the child while other threads make calls. Without a user it uses vfork, which runs no handlers.
    """
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *words]
    done = subprocess.run(words, cwd="/", env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command[0].name}: {done.stderr[-1000:]}")


class Cluster:
    """One server's directory and port. The next with_postgres removes what a killed test leaves behind."""

    def __init__(self):
        CLUSTERS.mkdir(parents=True, exist_ok=True)
        self.place = pathlib.Path(tempfile.mkdtemp(dir=CLUSTERS))
        self.place.chmod(0o755)
        self._lock = (self.place / "lock").open("w", encoding="ascii")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.port = free_ports(1)[0]
        self.script("init")

    def script(self, *arguments):
        command, *rest = arguments
        done = subprocess.run([SCRIPT, command, self.place, *rest], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.stderr}")
        return done.stdout.strip()

    @property
    def data(self):
        return (self.place / "data").resolve()

    @property
    def password(self):
        return (self.place / "password").read_text(encoding="ascii")

    def start(self):
        self.script("start", str(self.port))

    def run(self, sql, database=DATABASE):
        """Runs one statement outside a transaction; returns its rows."""
        with psycopg.connect(host="127.0.0.1", port=self.port, user="vibestack", password=self.password, dbname=database,
                             autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def become_standby_of(self, primary):
        """Replaces the data with a copy of the primary's and follows the primary."""
        data = self.data
        for entry in data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()  # pylint: disable=expression-not-assigned
        (self.place / "password").write_text(primary.password, encoding="ascii")
        as_server(BIN / "pg_basebackup", "--pgdata", str(data), "--host=127.0.0.1", f"--port={primary.port}",
                  "--username=vibestack", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
                  PGPASSWORD=primary.password)
        self.start()

    def url(self):
        return f"postgresql://vibestack:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def promote(self):
        as_server(BIN / "pg_ctl", "promote", "-D", str(self.data), "-w", "-t", "60")

    def remove(self):
        self.script("kill")
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.place)
        self._lock.close()


class PostgresPair:
    """A primary whose commits wait until the standby has them on disk, as long as there is a standby."""

    def __init__(self):
        self.primary, self.standby = Cluster(), Cluster()
        try:
            self.primary.start()
            self.primary.run(f"CREATE DATABASE {DATABASE}", database="postgres")
            self._follow()
        except BaseException:
            self.remove()
            raise

    def url(self):
        """Returns a libpq URL of both servers that connects to the one that accepts writes."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in sorted((self.primary.port, self.standby.port)))
        return f"postgresql://vibestack:{self.primary.password}@{hosts}/{DATABASE}?target_session_attrs=read-write"

    def fail_over(self):
        """Kills the primary, as a crash does. The standby becomes the primary, without a standby."""
        self.primary.script("kill")
        self.standby.run("ALTER SYSTEM RESET synchronous_standby_names")
        self.standby.run("SELECT pg_reload_conf()")
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def give_up_standby(self):
        """Kills the standby, as a crash does. Commits no longer wait for a standby."""
        self.primary.run("ALTER SYSTEM RESET synchronous_standby_names")
        self.primary.run("SELECT pg_reload_conf()")
        self.standby.script("kill")

    def rebuild_standby(self):
        """Restores the lost server as a synchronous standby."""
        self._follow()

    def remove(self):
        try:
            self.primary.remove()
        finally:
            self.standby.remove()

    def _follow(self):
        self.standby.become_standby_of(self.primary)
        self.primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.run("SELECT pg_reload_conf()")
        begun = self.primary.run("SELECT pg_current_wal_lsn()")[0][0]
        if not eventually(lambda: self._is_synchronous(begun)):
            raise AssertionError("the standby does not follow")

    def _is_synchronous(self, lsn):
        return self.primary.run(f"SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND flush_lsn >= '{lsn}'") != []
