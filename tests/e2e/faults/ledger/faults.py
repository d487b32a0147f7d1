"""The faults, one after the other."""

import os
import pathlib
import random
import signal
import time

import psycopg

from tests.e2e.faults.ledger.stage import LEASE
from tests.support.waiting import eventually

# How often each fault comes, in proportion.
WEIGHTS = {"SIGKILL of a job_service": 10, "SIGKILL of a user_service": 4, "pg_terminate_backend": 8, "SIGKILL of a backend": 4,
           "SIGKILL of all of PostgreSQL": 3, "SIGKILL of the postmaster": 3, "SIGSTOP of a job_service": 4, "SIGSTOP of a user_service": 2,
           "SIGSTOP of a backend": 2, "SIGKILL of both job_services": 2}


class Faults:
    """Brings the faults upon the stage. It touches only processes of the stage."""

    def __init__(self, world):
        self.world, self.stage = world, world.stage
        self._rng = random.Random(f"{world.seed} faults")
        self._act = {
            "SIGKILL of a job_service": lambda: self._kill([self._rng.choice(self.stage.jobs)]),
            "SIGKILL of both job_services": lambda: self._kill(self.stage.jobs),
            "SIGKILL of a user_service": lambda: self._kill([self._rng.choice(self.stage.users)]),
            "SIGSTOP of a job_service": lambda: self._stop(self._rng.choice(self.stage.jobs).send),
            "SIGSTOP of a user_service": lambda: self._stop(self._rng.choice(self.stage.users).send),
            "pg_terminate_backend": self._terminate_backend,
            "SIGKILL of a backend": lambda: self._send_backend(signal.SIGKILL),
            "SIGSTOP of a backend": self._stop_backend,
            "SIGKILL of all of PostgreSQL": lambda: self._restart_postgres(lambda: self.stage.cluster.script("kill")),
            "SIGKILL of the postmaster": lambda: self._restart_postgres(self._kill_postmaster)}

    def run(self, count, seconds):
        """Brings `count` faults, spread over the seconds. Each kind comes once before any kind comes twice."""
        deck = list(WEIGHTS)
        self._rng.shuffle(deck)
        deck += self._rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
        begun = time.monotonic()
        for number, name in enumerate(deck[:count]):
            due = begun + seconds * (number + self._rng.random()) / max(count, 1)
            time.sleep(max(due - time.monotonic(), 0))
            started_at = time.monotonic()
            self.world.memory.count(f"fault: {name}")
            self._act[name]()
            print(f"{started_at - begun:7.1f} s  {name}, for {time.monotonic() - started_at:.1f} s; {self.world.open_jobs} jobs are open",
                  flush=True)
            self._find_ended()
        time.sleep(max(begun + seconds - time.monotonic(), 0))

    def _find_ended(self):
        for service in self.stage.services:
            if service.has_ended():
                self.world.memory.blame(None, f"{service.name} ended, and nobody killed it")
                service.kill()
                service.start()

    def _kill(self, services):
        for service in services:
            service.kill()
        time.sleep(self._rng.choice((0, 0.1, 0.5)))
        for service in services:
            service.start()

    def _stop(self, send):
        send(signal.SIGSTOP)
        time.sleep(LEASE * self._rng.uniform(1, 1.3))
        send(signal.SIGCONT)

    def _terminate_backend(self):
        pid = self._choose_backend()
        if pid is not None:
            self.stage.query(f"SELECT pg_terminate_backend({pid})")

    def _send_backend(self, number):
        """Sends a signal to a random backend; returns its pid, or None if there is none."""
        pid = self._choose_backend()
        if pid is None or not self._is_ours(pid):
            return None
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return None
        return pid

    def _stop_backend(self):
        pid = self._send_backend(signal.SIGSTOP)
        if pid is None:
            return
        time.sleep(LEASE * self._rng.uniform(1, 1.3))
        if self._is_ours(pid):
            os.kill(pid, signal.SIGCONT)

    def _choose_backend(self):
        rows = self.stage.query("SELECT pid FROM pg_stat_activity WHERE datname = 'vibestack' AND backend_type = 'client backend'"
                                " AND pid <> pg_backend_pid() ORDER BY pid")
        return self._rng.choice(rows)[0] if rows else None

    def _is_ours(self, pid):
        """Returns whether the process is one of our PostgreSQL: it works in our data directory."""
        try:
            return pathlib.Path(f"/proc/{pid}/cwd").resolve() == self.stage.cluster.data
        except OSError:
            return False

    def _restart_postgres(self, kill):
        kill()
        time.sleep(self._rng.choice((0, 0.2, 1)))
        self.stage.cluster.start()

    def _kill_postmaster(self):
        """Its backends notice it only when they next wait, so they may finish their statements."""
        pid = int(self.stage.cluster.script("pid"))
        if self._is_ours(pid):
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: not self._is_ours(pid))

    def heal(self):
        """Waits until everything runs again; returns whether it does."""
        def connects():
            try:
                with self.stage.connect():
                    return True
            except psycopg.OperationalError:
                return False
        self._find_ended()
        return eventually(connects, 30) and eventually(self.stage.is_ready, 30)
