"""A primary PostgreSQL with a synchronous standby, to take the primary away and promote the standby."""

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
    """Runs a program of PostgreSQL as the user it runs as.

    setpriv changes the user, not subprocess: with a user of its own a child is made by fork, whose handlers in gRPC may
    abort it while other threads make calls; without, by vfork, which calls none.
    """
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *words]
    done = subprocess.run(words, cwd="/", env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command[0].name}: {done.stderr[-1000:]}")


class Cluster:
    """One server's directory and port. Whatever a killed test leaves behind is cleared by the next with_postgres."""

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
        """The rows of one statement, run outside a transaction."""
        with psycopg.connect(host="127.0.0.1", port=self.port, user="vibestack", password=self.password, dbname=database,
                             autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def become_standby_of(self, primary):
        """Begins anew with the primary's data and follows it; whatever was here is lost."""
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
    """Every commit of the primary waits until the standby has it on disk, as long as there is one."""

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
        """For libpq: both servers, in no order, and whichever takes writes."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in sorted((self.primary.port, self.standby.port)))
        return f"postgresql://vibestack:{self.primary.password}@{hosts}/{DATABASE}?target_session_attrs=read-write"

    def fail_over(self):
        """Takes the primary away as a crash does; the standby is the primary afterwards, with no standby of its own."""
        self.primary.script("kill")
        self.standby.run("ALTER SYSTEM RESET synchronous_standby_names")
        self.standby.run("SELECT pg_reload_conf()")
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def give_up_standby(self):
        """Takes the standby away as a crash does; commits wait for none any more."""
        self.primary.run("ALTER SYSTEM RESET synchronous_standby_names")
        self.primary.run("SELECT pg_reload_conf()")
        self.standby.script("kill")

    def rebuild_standby(self):
        """The server that was lost comes back as a standby that commits wait for."""
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
