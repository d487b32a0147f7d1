"""A real Kubernetes control plane on loopback: etcd, API server, controllers and scheduler, with nodes that kwok plays.

Everything decides as in a cluster; only the kubelets are not there: a pod that is scheduled counts as running and ready,
and no container runs.
"""

import json
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

import yaml

from tests.e2e.ops.kubernetes import programs
from tests.support.local_up import free_ports
from tests.support.waiting import eventually

NODES = ("one", "two", "three")
STAGES = ("node/fast/node-initialize.yaml", "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
          "pod/fast/pod-ready.yaml", "pod/fast/pod-complete.yaml", "pod/fast/pod-delete.yaml")


def node(name):
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{name}"}},
            "status": {"capacity": {"cpu": "16", "memory": "32Gi", "pods": "100", "ephemeral-storage": "100Gi"},
                       "allocatable": {"cpu": "16", "memory": "32Gi", "pods": "100", "ephemeral-storage": "100Gi"}}}


class ControlPlane:
    """A control plane that runs until close()."""

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="vibestack-control-plane-"))
        self._processes = []
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def close(self):
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.place)

    def kubectl(self, *words, given=None, check=True):
        """Runs kubectl and returns its output. Raises an error if kubectl fails, unless check=False."""
        done = subprocess.run([programs.kubernetes("kubectl"), "--kubeconfig", self._kubeconfig, *words], input=given,
                              capture_output=True, text=True, timeout=180, check=False,
                              env={**os.environ, "HOME": str(self.place)})
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done

    def apply(self, documents):
        """Applies documents (objects or text) on the server side, with strict validation of fields."""
        text = documents if isinstance(documents, str) else yaml.safe_dump_all(documents)
        return self.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", given=text).stdout

    def get(self, *words):
        """Returns the JSON of `kubectl get`: one object, or the items of a list."""
        answer = json.loads(self.kubectl("get", *words, "-o", "json").stdout)
        return answer.get("items", answer)

    def _run(self, name, *command):
        with (self.place / f"{name}.log").open("wb") as log:
            # Whatever becomes of the test, nothing of it stays behind.
            self._processes.append(subprocess.Popen(("setpriv", "--pdeathsig", "KILL", *command), stdin=subprocess.DEVNULL,
                                                    stdout=log, stderr=log, cwd=self.place))

    def _start(self):
        client, peer, port, *others = free_ports(6)
        self._write_credentials(port)
        self._run("etcd", "etcd", "--data-dir", "etcd", "--unsafe-no-fsync", "--listen-client-urls", f"http://127.0.0.1:{client}",
                  "--advertise-client-urls", f"http://127.0.0.1:{client}", "--listen-peer-urls", f"http://127.0.0.1:{peer}",
                  "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster", f"default=http://127.0.0.1:{peer}")
        self._run("apiserver", programs.kubernetes("kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{client}",
                  "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={port}", "--cert-dir=certificates",
                  "--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
                  "--service-account-key-file=service-account.key", "--service-account-signing-key-file=service-account.key",
                  "--token-auth-file=tokens.csv", "--authorization-mode=AlwaysAllow", "--allow-privileged=true", "--endpoint-reconciler-type=none")
        if not eventually(lambda: self.kubectl("get", "--raw", "/readyz", check=False).returncode == 0, 60):
            raise AssertionError((self.place / "apiserver.log").read_text(encoding="utf-8")[-4000:])
        common = (f"--kubeconfig={self._kubeconfig}", "--leader-elect=false", "--bind-address=127.0.0.1")
        self._run("controllers", programs.kubernetes("kube-controller-manager"), *common, f"--secure-port={others[0]}",
                  "--service-account-private-key-file=service-account.key", "--horizontal-pod-autoscaler-sync-period=1s",
                  "--horizontal-pod-autoscaler-initial-readiness-delay=0s", "--horizontal-pod-autoscaler-cpu-initialization-period=0s")
        self._run("scheduler", programs.kubernetes("kube-scheduler"), *common, f"--secure-port={others[1]}")
        stages = programs.module_folder("kwok", "sigs.k8s.io/kwok") / "kustomize" / "stage"
        self._run("kwok", programs.kwok(), f"--kubeconfig={self._kubeconfig}", "--manage-all-nodes=true", "--node-lease-duration-seconds=40",
                  f"--server-address=127.0.0.1:{others[2]}", *(f"--config={stages / stage}" for stage in STAGES))
        for name in NODES:
            self.kubectl("create", "-f", "-", given=json.dumps(node(name)))
        self.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=60s")

    def _write_credentials(self, port):
        token = secrets.token_hex(16)
        subprocess.run(["openssl", "genrsa", "-out", self.place / "service-account.key", "2048"], check=True, capture_output=True)
        (self.place / "tokens.csv").write_text(f'{token},operator,operator,"system:masters"\n', encoding="ascii")
        self._kubeconfig = self.place / "kubeconfig"
        self._kubeconfig.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}}],
            "users": [{"name": "operator", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "operator", "namespace": "vibestack"}}]}),
            encoding="ascii")
