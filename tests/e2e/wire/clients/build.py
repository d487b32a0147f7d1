"""Builds the client programs as a customer does: stubs generated or installed, libraries fetched by lock files, nothing of ours on
any path. Each is built in a folder of its own below the build, where the next run finds what is up to date."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from tests.support import local_up

SOURCES = pathlib.Path(__file__).parent
VENV = local_up.ROOT / ".local" / "venv" / "bin"


def run(command, **options):
    """Runs a command that has to succeed, with the toolchains of the tools' environment, and returns what it printed."""
    script = 'source "$0" && exec "$@"'
    done = subprocess.run(["bash", "-c", script, local_up.ROOT / "deploy/local/toolchains.sh", *command], capture_output=True,
                          text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


class Builder:
    """Builds clients in `place`; `build_dir` is the build whose C++ package they link."""

    def __init__(self, build_dir, place):
        self._build_dir = build_dir.resolve()
        self._place = place.resolve()
        self.prefix = self._place / "prefix"

    def python(self):
        """The command that runs the client; so do the others."""
        folder = self._copy("python", "main.py")
        self._generate("python", folder)
        return [VENV / "python", folder / "main.py"]

    def go(self):
        folder = self._copy("go", "main.go", "go.mod", "go.sum")
        self._generate("go", folder / "stubs")
        run(["go", "vet", "."], cwd=folder)
        run(["go", "build", "-o", "client", "."], cwd=folder)
        return [folder / "client"]

    def typescript(self):
        folder = self._copy("typescript", "main.ts", "package.json", "package-lock.json", "tsconfig.json")
        self._generate("typescript", folder / "stubs")
        lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
        installed = folder / "node_modules" / f".complete-{lock}"
        if not installed.exists():
            run(["npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
            installed.touch()
        run(["npm", "run", "check"], cwd=folder)
        return [VENV / "node", folder / "main.ts"]

    def cpp(self):
        """Links the installed package: not this build, whose folder is on no path."""
        folder = self._copy("cpp", "main.cc", "CMakeLists.txt")
        shutil.rmtree(self.prefix, ignore_errors=True)
        run(["cmake", "--install", self._build_dir, "--component", "stubs", "--prefix", self.prefix])
        run(["cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
             "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_CXX_FLAGS={self._sanitizers()}"])
        run(["cmake", "--build", folder / "build"])
        return [folder / "build" / "client"]

    def _copy(self, language, *names):
        """A folder with the client's files, those that did not change left as they are, so that they are not built again."""
        folder = self._place / language
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            source, copy = SOURCES / language / name, folder / name
            if not copy.exists() or copy.read_bytes() != source.read_bytes():
                shutil.copyfile(source, copy)
        return folder

    @staticmethod
    def _generate(language, folder):
        run([local_up.ROOT / "deploy" / "stubs" / "generate", language, folder])

    def _sanitizers(self):
        """What must be linked where the libraries are built with sanitizers."""
        cache = (self._build_dir / "CMakeCache.txt").read_text(encoding="utf-8")
        sanitize = re.search(r"^VIBESTACK_SANITIZE:\w+=(.*)$", cache, re.MULTILINE).group(1)
        return f"-fsanitize={sanitize}" if sanitize else ""


def environment():
    """Of a client program: nothing of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("VIBESTACK_", "PYTHON", "NODE_", "GO"))}
