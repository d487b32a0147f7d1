"""Runs deploy/local/up and down for tests, with separate data, ports and logs, and the binaries of a build."""

import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from tests.support.waiting import eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = ROOT / ".local" / "test-up"
PORTS = {"POSTGRES_PORT": 54329, "USER_PORT": 50051, "USER_METRICS": 9464, "JOB_PORT": 50052, "JOB_METRICS": 9465,
         "GATEWAY_PORT": 8080, "GATEWAY_ADMIN": 9901}


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """Returns different ports that are free at this moment.

    The ports are below the kernel's range for outgoing connections, so that no connection takes one before the program does.
    They are random, because other tests run at the same time.
    """
    ports = set()
    while len(ports) < count:
        port = random.SystemRandom().randrange(10_000, 30_000)
        if is_free(port):
            ports.add(port)
    return sorted(ports)


def clear_leftovers():
    """Stops and removes what a killed test run left behind."""
    for place in PLACES.glob("*-*") if PLACES.exists() else ():
        if not pathlib.Path("/proc", place.name.split("-")[0]).exists():
            remove(place)


def remove(place):
    subprocess.run([ROOT / "deploy" / "local" / "down"], env={**os.environ, "VIBESTACK_LOCAL_DIR": str(place)},
                   capture_output=True, check=False)
    data = place / "postgres" / "data"
    if data.is_symlink():
        shutil.rmtree(data.resolve(), ignore_errors=True)
    shutil.rmtree(place)


class LocalUp:
    """A separate folder, with separate ports, in which `up` runs."""

    def __init__(self, build_dir):
        clear_leftovers()
        PLACES.mkdir(parents=True, exist_ok=True)
        self.place = pathlib.Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=PLACES))
        self.place.chmod(0o755)
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("VIBESTACK_") and name != "DATABASE_URL"}
        self.environment |= {f"VIBESTACK_LOCAL_{name}": str(port) for name, port in self.ports.items()}
        self.environment |= {"VIBESTACK_LOCAL_DIR": str(self.place), "VIBESTACK_LOCAL_BUILD_DIR": str(build_dir)}

    def start(self, command="up", **environment):
        """Starts up or down; the caller waits for it."""
        return subprocess.Popen([ROOT / "deploy" / "local" / command], env={**self.environment, **environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, command="up", **environment):
        """Runs up or down to its end; returns the exit code and the output."""
        process = self.start(command, **environment)
        said, _ = process.communicate(timeout=180)
        return process.returncode, said

    def pid(self, service):
        """Returns the pid that up recorded for a service; None if there is none."""
        try:
            return int((self.place / "run" / f"{service}.pid").read_text(encoding="ascii").split()[0])
        except FileNotFoundError:
            return None

    def stop_service(self, service):
        """Stops a service with SIGTERM, as an operator does, and waits until it has ended."""
        pid = self.pid(service)
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not pathlib.Path("/proc", str(pid)).exists())

    def postgres(self, command):
        return subprocess.run([ROOT / "deploy" / "local" / "postgres", command, self.place / "postgres"],
                              capture_output=True, text=True, check=False)

    def listening(self):
        """Returns the names of our ports that accept connections."""
        names = set()
        for name, port in self.ports.items():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    names.add(name)
        return names

    def localised(self, text):
        """Returns a text of the README with our ports, folder and build instead of the defaults."""
        for name, port in PORTS.items():
            text = re.sub(rf"\b{port}\b", str(self.ports[name]), text)
        text = text.replace("build/release", self.environment["VIBESTACK_LOCAL_BUILD_DIR"])
        return re.sub(r"(?<![\w/])\.local/(?!venv\b)", f"{self.place}/", text)

    def remove(self):
        remove(self.place)
