"""Python stubs of proto/. They are generated on first use and kept in .local, named by the checksum of the protos."""

import hashlib
import importlib.resources
import os
import pathlib
import shutil
import sys
import sysconfig
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"


def checksum(protos):
    digest = hashlib.sha256(sys.version.encode())
    for proto in protos:
        digest.update(proto.relative_to(PROTO).as_posix().encode() + b"\0" + proto.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def generate(protos, directory):
    from grpc_tools import protoc  # pylint: disable=import-outside-toplevel

    well_known = importlib.resources.files("grpc_tools") / "_proto"
    includes = [PROTO, sysconfig.get_path("purelib"), well_known]
    arguments = ["protoc", *(f"-I{include}" for include in includes),
                 f"--python_out={directory}", f"--grpc_python_out={directory}", *map(str, protos)]
    if protoc.main(arguments) != 0:
        raise SystemExit("stubs: protoc failed")


def add_to_path(parent=ROOT / ".local" / "stubs"):
    """Makes `import vibestack.user.v1.user_pb2` and the like work. Safe to run concurrently."""
    protos = sorted(PROTO.glob("vibestack/**/*.proto"))
    directory = parent / checksum(protos)
    if not directory.exists():
        parent.mkdir(parents=True, exist_ok=True)
        fresh = pathlib.Path(tempfile.mkdtemp(dir=parent))
        generate(protos, fresh)
        try:
            os.rename(fresh, directory)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    sys.path.insert(0, str(directory))
