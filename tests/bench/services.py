"""Starts and stops the two services for the benchmark; measures their start and their memory."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failure(Exception):
    """A failure for the user, with a complete message."""


def check_output(command, **options):
    """Runs a command that must succeed; returns its standard output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failure(f"{pathlib.Path(command[0]).name} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


def inside_postgres(build_dir, targets):
    """Returns the build to measure, from a program that is running with a PostgreSQL of its own: where there is none yet, this
    builds `targets` of the release preset, unless it is given a build, and starts the program again inside with_postgres."""
    if "VIBESTACK_BENCH_INSIDE" in os.environ:
        return build_dir
    if build_dir is None:
        for command in (["install"], ["build", "release", *targets]):
            subprocess.run([ROOT / "deploy" / "local" / command[0], *command[1:]], stdout=sys.stderr, check=True)
        build_dir = ROOT / "build" / "release"
    inside = [str(ROOT / "tests" / "support" / "with_postgres"), sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:],
              f"--build_dir={build_dir.resolve()}"]
    os.execve(inside[0], inside, {**os.environ, "VIBESTACK_BENCH_INSIDE": "1"})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A process whose log goes to a file in `directory`. `start` comes from who knows when it is ready."""

    def __init__(self, name, command, directory):
        self.name = name
        self._command = command
        self._log_path = directory / f"{name}.log"
        self._process = None

    def spawn(self):
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def stop(self):
        """Stops the process with SIGTERM, as an operator does. An exit code other than 0 is a failure."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"{self.name} did not stop in 30 s") from None
        if code != 0:
            raise Failure(f"{self.name} exited with {code}: {self.log_tail()}")

    def kill(self):
        """Kills the process in any state, to clean up after an error."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE).group(1)) / 1024

    def cpu_seconds(self):
        """Returns the processor time so far, including the kernel's."""
        fields = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log_tail(self):
        lines = self._log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(["", *lines[-20:]])


class Service(Process):
    """One service process. `client` is the path of vibestack_bench."""

    def __init__(self, binary, flags, client, directory):
        self.address = f"127.0.0.1:{free_port()}"
        command = [binary, "serve", f"--grpc_address={self.address}", "--metrics_address=127.0.0.1:0", *flags]
        super().__init__(binary.name, command, directory)
        self._client = client

    def start(self):
        """Starts the service; returns the milliseconds until it reported readiness."""
        waiter = subprocess.Popen(
            [self._client, "await-readiness", "--address", self.address],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.1)  # the waiter's own start is not the service's
        started_nanos = time.monotonic_ns()
        self.spawn()
        output, error = waiter.communicate()
        if waiter.returncode != 0:
            raise Failure(f"{self.name} does not start: {error}{self.log_tail()}")
        return (json.loads(output)["monotonic_nanos"] - started_nanos) / 1e6


def write_secret(path, text):
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


class Services:
    """Both services on the database of DATABASE_URL, with their own keys and service token."""

    def __init__(self, build_dir, directory, user_flags=()):
        user_binary = build_dir / "user_service" / "user_service"
        job_binary = build_dir / "job_service" / "job_service"
        client = build_dir / "tests" / "bench" / "vibestack_bench"
        for binary in (user_binary, job_binary, client):
            if not os.access(binary, os.X_OK):
                raise Failure(f"{binary} is not built")
        keys = f"--keys_dir={directory / 'keys'}"
        check_output([user_binary, "create-keys", keys])
        token = check_output([user_binary, "issue-service-token", "--name=bench", keys])
        self.client = client
        self.service_token_file = write_secret(directory / "service.token", token)
        self.user = Service(user_binary, [keys, "--access_token_ttl=4h", *user_flags], client, directory)
        job_flags = [f"--user_service_address={self.user.address}", f"--service_token_file={self.service_token_file}"]
        self.job = Service(job_binary, job_flags, client, directory)
        # A second replica, for those who start it.
        self.other_job = Service(job_binary, job_flags, client, directory)

    def start(self, times):
        """Starts each service `times` times and keeps the last process; returns the start times in milliseconds by name."""
        ready = {}
        for service in (self.user, self.job):
            ready[service.name] = []
            for _ in range(times):
                service.stop()
                ready[service.name].append(service.start())
        return ready

    def stop(self):
        self.other_job.stop()
        self.job.stop()
        self.user.stop()

    def kill(self):
        self.other_job.kill()
        self.job.kill()
        self.user.kill()
