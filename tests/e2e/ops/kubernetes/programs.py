"""Go programs that the tests need, as their go.mod pins them; each is built once and kept (tests/support/go_tool)."""

import functools
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[4]
HERE = pathlib.Path(__file__).resolve().parent
KUBERNETES = "v1.33.13"

_VERSION = "k8s.io/component-base/version"
# Without these kubectl cannot read the version.
_VERSION_FLAGS = " ".join(f"-X {_VERSION}.{name}={value}" for name, value in (
    ("gitVersion", KUBERNETES), ("gitMajor", "1"), ("gitMinor", "33"), ("gitCommit", KUBERNETES), ("gitTreeState", "clean")))


@functools.cache
def _built(folder, package, *ldflags):
    done = subprocess.run([ROOT / "tests" / "support" / "go_tool", HERE / folder, package, *ldflags],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def kustomize():
    return _built("tools", "sigs.k8s.io/kustomize/kustomize/v5")


def kube_score():
    return _built("tools", "github.com/zegl/kube-score/cmd/kube-score")


def compose_spec():
    return _built("tools", "github.com/compose-spec/compose-go/v2/cmd")


def kwok():
    return _built("kwok", "sigs.k8s.io/kwok/cmd/kwok")


def kubernetes(name):
    """Returns the path of kubectl, kube-apiserver, kube-controller-manager or kube-scheduler."""
    return _built("control_plane", f"k8s.io/kubernetes/cmd/{name}", _VERSION_FLAGS)


def module_folder(folder, module):
    """Downloads the sources of a pinned module, checks them against go.sum, and returns their folder."""
    go = ROOT / ".local" / "venv" / "bin" / "go"
    subprocess.run([go, "mod", "download", module], cwd=HERE / folder, check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([go, "list", "-m", "-f", "{{.Dir}}", module], cwd=HERE / folder, stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())
