"""Runs the images of tests/e2e/ops/images/build, hardened as in production, on this machine's own network."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[4]
# Nothing but a process: no capability, no way to get one, no file of its own to write, its own user, little memory.
HARDENED = ("--network", "host", "--read-only", "--read-only-tmpfs=false", "--cap-drop", "all", "--security-opt", "no-new-privileges",
            "--pids-limit", "256", "--user", "65532:65532", "--pull", "never")


def podman(*words, check=True):
    done = subprocess.run(["podman", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"podman {' '.join(words)}: {done.stdout}{done.stderr}")
    return done


def image(target):
    return f"localhost/vibestack/{target}:test"


def options(environment, volumes, memory):
    words = [*HARDENED, "--memory", memory]
    for name, value in environment.items():
        words += ["--env", f"{name}={value}"]
    for source, target in volumes.items():
        words += ["--volume", f"{source}:{target}"]
    return words


def run_to_end(target, *command, environment=None, volumes=None, memory="64m"):
    """Runs a container to its end and returns its output. Raises AssertionError if it fails."""
    return podman("run", "--rm", *options(environment or {}, volumes or {}, memory), image(target), *command).stdout


class Container:
    """A container that runs until it is stopped."""

    def __init__(self, target, environment, volumes=None, memory="64m"):
        self.name = f"vibestack-test-{os.getpid()}-{target}"
        podman("run", "--detach", "--name", self.name, *options(environment, volumes or {}, memory), image(target))

    def state(self):
        return json.loads(podman("container", "inspect", self.name).stdout)[0]["State"]

    def logs(self):
        done = podman("logs", self.name, check=False)
        return done.stdout + done.stderr

    def execute(self, *command):
        return podman("exec", self.name, *command, check=False)

    def status(self):
        """Returns /proc/PID/status of its first process, as a dict."""
        lines = pathlib.Path("/proc", str(self.state()["Pid"]), "status").read_text(encoding="ascii").splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def memory_limit(self):
        """Returns the memory limit that the kernel enforces, in bytes."""
        for line in pathlib.Path("/proc", str(self.state()["Pid"]), "cgroup").read_text(encoding="ascii").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "memory":
                return int(pathlib.Path("/sys/fs/cgroup/memory" + path, "memory.limit_in_bytes").read_text(encoding="ascii"))
            if controllers == "":
                limit = pathlib.Path("/sys/fs/cgroup" + path, "memory.max")
                if limit.exists():
                    return int(limit.read_text(encoding="ascii"))
        raise AssertionError("no memory cgroup")

    def stop(self, grace):
        """Sends SIGTERM, and SIGKILL after `grace` seconds."""
        podman("stop", "--time", str(grace), self.name)

    def remove(self):
        podman("rm", "--force", "--time", "0", self.name, check=False)
