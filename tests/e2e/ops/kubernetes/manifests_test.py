"""Every overlay renders, is valid Kubernetes 1.33, and is what kube-score asks for."""

import pathlib
import subprocess
import tempfile
import unittest

import yaml

from tests.e2e.ops.kubernetes import manifests, programs
from tests.e2e.ops.kubernetes.manifests import OVERLAYS
from tests.e2e.ops.kubernetes.programs import ROOT

# Kinds of operators: their own schemas are theirs to check, which tests/e2e/ops/kubernetes/run does with the real API server.
FOREIGN = ("cert-manager.io/v1", "monitoring.coreos.com/v1", "postgresql.cnpg.io/v1")
# What kube-score would have otherwise, and why it is so; exceptions of single objects stand in their annotations.
EXCEPTIONS = {
    # Images are loaded into the cluster of a laptop by hand; there is nothing to pull them from.
    "local": ("--ignore-test", "container-image-pull-policy"),
    "production": ()}
# A limit of CPU throttles in the middle of a batch; the services' threads are bounded by flags, so requests are enough.
NO_CPU_LIMIT = "--ignore-container-cpu-limit"


class ManifestsTest(unittest.TestCase):
    def written(self, documents):
        file = tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8")
        self.addCleanup(file.close)
        yaml.safe_dump_all(documents, file)
        file.flush()
        return file.name

    def test_every_object_fits_the_schema_of_its_kind(self):
        for overlay in OVERLAYS:
            with self.subTest(overlay):
                ours = [document for document in manifests.objects(overlay) if document["apiVersion"] not in FOREIGN]
                self.assertGreater(len(ours), 20)
                done = subprocess.run([ROOT / ".local" / "venv" / "bin" / "kubernetes-validate", "--strict", "-k", "1.33",
                                       self.written(ours)], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_kube_score_finds_nothing_but_what_is_excepted_with_a_reason(self):
        for overlay in OVERLAYS:
            with self.subTest(overlay):
                done = subprocess.run([programs.kube_score(), "score", "--kubernetes-version", "v1.33", "--exit-one-on-warning",
                                       "--output-format", "ci", NO_CPU_LIMIT, *EXCEPTIONS[overlay],
                                       self.written(manifests.objects(overlay))], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, "\n".join(
                    line for line in done.stdout.splitlines() if not line.startswith(("[OK]", "[SKIPPED]"))) + done.stderr)

    def test_an_overlay_renders_from_a_fresh_checkout(self):
        for overlay in OVERLAYS:
            with self.subTest(overlay):
                done = subprocess.run([programs.kustomize(), "build", ROOT / "deploy" / "kubernetes" / "overlays" / overlay],
                                      env={}, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_alert_rules_of_production_are_those_that_are_tested(self):
        rules = (ROOT / "deploy" / "dashboards" / "rules.yaml").read_text(encoding="utf-8")
        self.assertEqual(manifests.named("production", "PrometheusRule", "vibestack")["spec"], yaml.safe_load(rules))
        self.assertEqual(manifests.of_kind("local", "PrometheusRule"), [])

    def test_what_is_read_at_the_start_has_a_hash_in_its_name(self):
        for overlay in OVERLAYS:
            for document in manifests.of_kind(overlay, "ConfigMap", "Secret"):
                name = document["metadata"]["name"]
                if name != "vibestack-keys":
                    self.assertRegex(name, r"-[0-9a-z]{10}$", overlay)

    def test_a_migration_is_a_job_of_its_version(self):
        for overlay in OVERLAYS:
            job, = manifests.of_kind(overlay, "Job")
            tag = job["spec"]["template"]["spec"]["containers"][0]["image"].rsplit(":", 1)[1]
            self.assertEqual(job["metadata"]["name"], f"migrations-{tag}")

    def test_the_compose_file_is_what_the_compose_specification_says(self):
        compose = ROOT / "deploy" / "docker" / "compose.yaml"
        done = subprocess.run([programs.compose_spec(), "-no-interpolation", compose], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        wrong = pathlib.Path(self.written([{"services": {"a": {"image": "a", "replicas": 2}}}]))
        refused = subprocess.run([programs.compose_spec(), wrong], capture_output=True, text=True, check=False)
        self.assertNotEqual(refused.returncode, 0)


if __name__ == "__main__":
    unittest.main()
