"""The overlays on a real control plane: applied, rolled out, undone, drained against the disruption budget, scaled out."""

import tempfile
import unittest

import yaml

from tests.e2e.ops.kubernetes import manifests, programs
from tests.e2e.ops.kubernetes.control_plane import NODES, ControlPlane
from tests.support.waiting import eventually

# The operators' kinds that production uses, from the modules that define them.
DEFINITIONS = (("github.com/cert-manager/cert-manager", "deploy/crds/crd-issuers.yaml"),
               ("github.com/cert-manager/cert-manager", "deploy/crds/crd-certificates.yaml"),
               ("github.com/cloudnative-pg/cloudnative-pg", "config/crd/bases/postgresql.cnpg.io_clusters.yaml"),
               ("github.com/prometheus-operator/prometheus-operator",
                "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"),
               ("github.com/prometheus-operator/prometheus-operator",
                "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"))
DEPLOYMENTS = ("user-service", "job-service", "gateway")
# What the autoscaler reads, in the place of a metrics server.
POD_METRICS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "pods.metrics.k8s.io", "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
    "spec": {"group": "metrics.k8s.io", "scope": "Namespaced", "names": {"plural": "pods", "kind": "PodMetrics"},
             "versions": [{"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                 "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
VOLUME = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "laptop"},
          "spec": {"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/nowhere"}}}


def definitions():
    for module, path in DEFINITIONS:
        definition = yaml.safe_load((programs.module_folder("crds", module) / path).read_text(encoding="utf-8"))
        # Their own metadata are templates.
        yield {**definition, "metadata": {"name": definition["metadata"]["name"]}}


class KubectlTest(unittest.TestCase):
    def test_kubectl_renders_an_overlay_as_kustomize_does(self):
        for overlay in manifests.OVERLAYS:
            with self.subTest(overlay), tempfile.TemporaryDirectory() as secrets:
                theirs = manifests.rendered(overlay, secrets, f"{programs.kubernetes('kubectl')} kustomize")
                self.assertIn("kind: NetworkPolicy", theirs)
                self.assertEqual(theirs, manifests.rendered(overlay, secrets, f"{programs.kustomize()} build"))


class ControlPlaneTest(unittest.TestCase):
    """The tests of one overlay, which is applied once."""

    overlay = ""
    replicas = 0

    @classmethod
    def setUpClass(cls):
        if not cls.overlay:
            raise unittest.SkipTest("of the overlays below")
        cls.cluster = ControlPlane()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.apply([*definitions(), POD_METRICS, VOLUME])
        cls.cluster.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        cls.cluster.apply(manifests.text(cls.overlay))
        for name in DEPLOYMENTS:
            cls.await_replicas(name, cls.replicas)

    @classmethod
    def await_replicas(cls, deployment, count):
        done = eventually(lambda: cls.cluster.get("deployment", deployment)["status"].get("availableReplicas") == count, 90)
        if not done:
            raise AssertionError(cls.cluster.kubectl("describe", "deployment,hpa,pods").stdout[-6000:])

    def pods(self, name):
        return [pod for pod in self.cluster.get("pods", "-l", f"app.kubernetes.io/name={name}")
                if "deletionTimestamp" not in pod["metadata"]]

    def image(self, deployment):
        return self.cluster.get("deployment", deployment)["spec"]["template"]["spec"]["containers"][0]["image"]

    def evict(self, pod):
        name = pod["metadata"]["name"]
        body = f'{{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {{"name": "{name}", "namespace": "vibestack"}}}}'
        return self.cluster.kubectl("create", "--raw", f"/api/v1/namespaces/vibestack/pods/{name}/eviction", "-f", "-", given=body,
                                    check=False)

    def test_applied_again_nothing_changes(self):
        before = {name: self.cluster.get("deployment", name)["metadata"]["generation"] for name in DEPLOYMENTS}
        self.cluster.apply(manifests.text(self.overlay))
        self.assertEqual({name: self.cluster.get("deployment", name)["metadata"]["generation"] for name in DEPLOYMENTS}, before)

    def test_the_migrations_come_to_their_end(self):
        self.cluster.kubectl("wait", "job", "--all", "--for=condition=Complete", "--timeout=60s")

    def test_what_is_not_restricted_is_refused(self):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root"},
               "spec": {"containers": [{"name": "root", "image": "root", "securityContext": {"privileged": True}}]}}
        refused = self.cluster.kubectl("create", "-f", "-", given=yaml.safe_dump(pod), check=False)
        self.assertIn('violates PodSecurity "restricted', refused.stderr)

    def test_a_rollout_replaces_every_replica_and_an_undo_brings_the_old_ones_back(self):
        for name in DEPLOYMENTS:
            with self.subTest(name):
                before = self.image(name)
                self.cluster.kubectl("set", "image", f"deployment/{name}", f"{name}=vibestack/next:2")
                self.cluster.kubectl("rollout", "status", f"deployment/{name}", "--timeout=90s")
                self.assertEqual({pod["spec"]["containers"][0]["image"] for pod in self.pods(name)}, {"vibestack/next:2"})
                self.cluster.kubectl("rollout", "undo", f"deployment/{name}")
                self.cluster.kubectl("rollout", "status", f"deployment/{name}", "--timeout=90s")
                self.assertEqual({pod["spec"]["containers"][0]["image"] for pod in self.pods(name)}, {before})

    def test_a_drain_goes_on_only_as_far_as_the_disruption_budget_lets_it(self):
        self.addCleanup(self.cluster.kubectl, "uncordon", *NODES)
        self.cluster.kubectl("cordon", *NODES)
        first, second, *_ = self.pods("user-service")
        self.assertEqual(self.evict(first).returncode, 0)
        # Its successor has nowhere to go, so nobody else may leave.
        self.assertTrue(eventually(lambda: any("nodeName" not in pod["spec"] for pod in self.pods("user-service"))))
        self.assertTrue(eventually(lambda: self.cluster.get("pdb", "user-service")["status"]["disruptionsAllowed"] == 0))
        refused = self.evict(second)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("disruption budget", refused.stderr)
        self.cluster.kubectl("uncordon", *NODES)
        self.await_replicas("user-service", self.replicas)
        self.cluster.kubectl("drain", NODES[0], "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=120s")
        self.assertNotIn(NODES[0], {pod["spec"]["nodeName"] for name in DEPLOYMENTS for pod in self.pods(name)})

    def test_replicas_stand_on_different_nodes(self):
        # Anew, for other tests move them.
        self.cluster.kubectl("rollout", "restart", "deployment/gateway")
        self.cluster.kubectl("rollout", "status", "deployment/gateway", "--timeout=90s")
        self.assertEqual(len({pod["spec"]["nodeName"] for pod in self.pods("gateway")}), self.replicas)

    def test_the_autoscaler_adds_replicas_under_load(self):
        self.addCleanup(self.await_replicas, "job-service", self.replicas)
        for pod in self.pods("job-service"):
            metadata = {"name": pod["metadata"]["name"], "labels": pod["metadata"]["labels"]}
            # Twice what it asked for.
            self.cluster.apply([{"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": metadata,
                                 "timestamp": "2030-01-01T00:00:00Z", "window": "30s",
                                 "containers": [{"name": "job-service", "usage": {"cpu": "500m", "memory": "64Mi"}}]}])
        self.assertTrue(eventually(lambda: self.cluster.get("deployment", "job-service")["spec"]["replicas"] > self.replicas, 60),
                        self.cluster.kubectl("describe", "hpa", "job-service").stdout)
        more = self.cluster.get("deployment", "job-service")["spec"]["replicas"]
        self.assertTrue(eventually(
            lambda: self.cluster.get("deployment", "job-service")["status"].get("availableReplicas", 0) >= more, 60))
        self.cluster.kubectl("patch", "hpa", "job-service", "--type=merge", "-p",
                             '{"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}')
        self.cluster.kubectl("delete", "pods.metrics.k8s.io", "--all")
        self.cluster.kubectl("scale", "deployment/job-service", f"--replicas={self.replicas}")


class LocalTest(ControlPlaneTest):
    overlay = "local"
    replicas = 2


class ProductionTest(ControlPlaneTest):
    overlay = "production"
    replicas = 3


if __name__ == "__main__":
    unittest.main()
