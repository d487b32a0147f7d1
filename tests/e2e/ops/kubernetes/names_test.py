"""What manifests and the compose file name exists: flags, ports, paths, health services and metrics of the real binaries."""

import pathlib
import re
import subprocess
import unittest
import urllib.request

import grpc
import yaml

from tests.e2e.wire.gateway.world import World
from tests.e2e.ops.kubernetes import manifests
from tests.e2e.ops.kubernetes.manifests import BUILD_DIR, DOCKER, OVERLAYS, compose, containers, image_of, stages
from tests.e2e.ops.kubernetes.programs import ROOT

# Read by the images besides their flags: `migrate` and both services know the first, the rest are of PostgreSQL's own image.
OTHER_VARIABLES = {"user_service": {"DATABASE_URL", "POSTGRES_URL"}, "job_service": {"DATABASE_URL", "POSTGRES_URL"},
                   "migrations": {"DATABASE_URL", "POSTGRES_URL", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}}
# Secrets that are made by hand, whatever they hold, and those that CloudNativePG makes for a cluster.
FOREIGN_SECRETS = {"vibestack-workflow-secrets": set(), "vibestack-postgres-ca": {"ca.crt", "ca.key"},
                   "vibestack-postgres-app": {"username", "user", "password", "dbname", "host", "port", "pgpass",
                                              "uri", "fqdn-uri", "jdbc-uri", "fqdn-jdbc-uri"}}


def variables_of(image):
    """Returns the environment variables that the image's program reads, according to its --help."""
    if image == "gateway":
        said = subprocess.run([ROOT / "deploy" / "gateway" / "render", "--help"], capture_output=True, text=True, check=True).stdout
        return set(re.findall(r"^(GATEWAY_\w+)", said, re.M)) | set(re.findall(r"\$\{(GATEWAY_\w+):-", (DOCKER / "gateway").read_text()))
    if image == "migrations":
        return OTHER_VARIABLES[image]
    said = subprocess.run([BUILD_DIR / image / image, "--help"], capture_output=True, text=True, check=False).stdout
    return {f"VIBESTACK_{flag.upper()}" for flag in re.findall(r"^\s+--(\w+) \(", said, re.M)} | OTHER_VARIABLES[image]


def keys_of_sources(overlay):
    """Returns the keys of each ConfigMap and Secret of the overlay."""
    keys = {document["metadata"]["name"]: set(document["data"]) for document in manifests.of_kind(overlay, "ConfigMap", "Secret")}
    keys |= {document["spec"]["secretName"]: {"tls.crt", "tls.key", "ca.crt"}
             for document in manifests.of_kind(overlay, "Certificate")}
    return keys | FOREIGN_SECRETS


def files_of(volume, keys):
    """Returns the files in a volume of a ConfigMap or Secret; None for a writable volume."""
    name = volume.get("secret", {}).get("secretName") or volume.get("configMap", {}).get("name")
    if name is None:
        return None
    items = (volume.get("secret") or volume["configMap"]).get("items")
    if items and not {item["key"] for item in items} <= keys[name]:
        raise AssertionError(f"{name} has no such key: {items}")
    return {item["path"] for item in items} if items else keys[name]


def default_of(image, flag):
    said = subprocess.run([BUILD_DIR / image / image, "--help"], capture_output=True, text=True, check=False).stdout
    return re.search(rf"^  --{flag} \(default (.*?);", said, re.M)[1]


def connections_of(overlay, scaler):
    """Returns the maximum number of connections of a scaled Deployment: of all replicas, a rollout's, and one that drains."""
    deployment = manifests.named(overlay, "Deployment", scaler["spec"]["scaleTargetRef"]["name"])["spec"]
    container, = deployment["template"]["spec"]["containers"]
    environment = manifests.environment(overlay, container)
    if "DATABASE_URL" not in environment:
        return 0
    image = image_of(container["image"])
    each = int(environment.get("VIBESTACK_DATABASE_CONNECTIONS") or default_of(image, "database_connections"))
    # And the one that listens.
    return (scaler["spec"]["maxReplicas"] + deployment["strategy"]["rollingUpdate"]["maxSurge"] + 1) * (each + 1)


def connections_allowed(overlay):
    for cluster in manifests.of_kind(overlay, "Cluster"):
        return int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
    container, = manifests.named(overlay, "StatefulSet", "postgres")["spec"]["template"]["spec"]["containers"]
    return int(re.search(r"max_connections=(\d+)", " ".join(container["args"]))[1])


class NamesTest(unittest.TestCase):
    def test_every_variable_is_a_flag_of_its_binary(self):
        given = [(where, image, set(environment)) for where, image, environment, _, _ in containers()]
        given += [(f"compose: {name}", image_of(service["image"]), set(service.get("environment") or ()))
                  for name, service in compose().items() if image_of(service["image"])]
        given += [(f"Dockerfile: {name}", name, set(environment)) for name, environment in stages().items()
                  if name in ("user_service", "job_service", "migrations", "gateway")]
        self.assertGreater(len(given), 15)
        for where, image, names in given:
            with self.subTest(where):
                self.assertEqual(names - variables_of(image), set())

    def test_every_image_is_a_target_of_the_dockerfile(self):
        for where, image, _, _, _ in containers():
            self.assertIn(image, stages(), where)

    def test_every_port_is_one_that_its_container_listens_on(self):
        for where, image, environment, container, _ in containers():
            with self.subTest(where):
                listens = {int(value.rsplit(":", 1)[1]) for name, value in environment.items()
                           if re.fullmatch(r"VIBESTACK_(GRPC|METRICS|HEALTH)_ADDRESS", name)}
                listens |= {int(value) for name, value in environment.items() if name == "GATEWAY_PORT"}
                ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
                self.assertEqual(set(ports.values()), listens)
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    if probe in container:
                        kind, = set(container[probe]) & {"grpc", "tcpSocket"}
                        self.assertIn(container[probe][kind]["port"], {*ports, *ports.values()})

    def test_every_service_and_policy_leads_to_a_port_that_is_there(self):
        for overlay in OVERLAYS:
            open_ports = {}
            for _, pod in manifests.pods(overlay):
                for container in pod["containers"]:
                    for port in container.get("ports", ()):
                        open_ports.setdefault(pod["serviceAccountName"], {})[port["name"]] = port["containerPort"]
            for service in manifests.of_kind(overlay, "Service"):
                ports = open_ports[service["spec"]["selector"]["app.kubernetes.io/name"]]
                for port in service["spec"]["ports"]:
                    self.assertIn(port["targetPort"], ports, service["metadata"]["name"])
            for policy in manifests.of_kind(overlay, "NetworkPolicy"):
                target = policy["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
                for rule in policy["spec"].get("ingress", ()) if target else ():
                    for port in rule["ports"]:
                        self.assertIn(port["port"], open_ports[target].values(), policy["metadata"]["name"])

    def test_every_file_is_mounted_and_every_source_exists(self):
        for overlay in OVERLAYS:
            keys = keys_of_sources(overlay)
            for name, pod in manifests.pods(overlay):
                with self.subTest(f"{overlay}: {name}"):
                    volumes = {volume["name"]: files_of(volume, keys) for volume in pod.get("volumes") or ()}
                    for container in pod["containers"]:
                        places = {mount["mountPath"]: volumes.get(mount["name"]) for mount in container.get("volumeMounts") or ()}
                        self.check_paths(manifests.environment(overlay, container), places)

    def check_paths(self, environment, places):
        for name, value in environment.items():
            for path in re.findall(r"(?:^|=)(/[\w./-]+)", value):
                if path.startswith("/opt/vibestack/"):
                    continue  # The image has it.
                if name.endswith("_DIR"):
                    self.assertIn(path, places, name)
                    continue
                place = next((place for place in places if path.startswith(place + "/")), None)
                self.assertIsNotNone(place, f"{name}: {path}")
                if places[place] is not None:
                    self.assertIn(path.removeprefix(place + "/"), places[place], name)

    def test_every_key_of_a_secret_in_the_environment_is_there(self):
        for overlay in OVERLAYS:
            keys = keys_of_sources(overlay)
            asked = [entry["valueFrom"]["secretKeyRef"] for _, pod in manifests.pods(overlay) for container in pod["containers"]
                     for entry in container.get("env") or () if "valueFrom" in entry]
            self.assertGreaterEqual(len(asked), 3)
            for reference in asked:
                self.assertIn(reference["key"], keys[reference["name"]], overlay)

    def test_a_pod_has_the_time_that_its_process_takes_to_end(self):
        for where, image, environment, container, pod in containers():
            grace = environment.get("VIBESTACK_SHUTDOWN_GRACE") or environment.get("GATEWAY_DRAIN_SECONDS")
            if grace is None:
                self.assertEqual(image, "migrations")
                continue
            before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            # job_service gives requests to workflows 5 seconds more.
            self.assertGreater(pod["terminationGracePeriodSeconds"], before + int(grace.rstrip("s")) + 5, where)

    def test_connections_of_all_replicas_fit_into_the_database_while_both_services_roll_out(self):
        described = {"local": "overlays/local/postgres.yaml", "production": "overlays/production/replicas.yaml"}
        for overlay in OVERLAYS:
            held = [connections_of(overlay, scaler) for scaler in manifests.of_kind(overlay, "HorizontalPodAutoscaler")]
            self.assertEqual(len([count for count in held if count]), 2)
            # Some are kept for superusers, replication and the migrations.
            self.assertLess(sum(held), connections_allowed(overlay) - 15, overlay)
            for file in (described[overlay], "../OPERATIONS.md"):
                said = (ROOT / "deploy" / "kubernetes" / file).read_text(encoding="utf-8")
                self.assertRegex(said, rf"\b9 = {sum(held)}\b", file)


class RunningTest(unittest.TestCase):
    """The binaries run with the settings of the production overlay that have the same meaning on this machine."""

    @classmethod
    def setUpClass(cls):
        cls.settings = {}
        for deployment in ("user-service", "job-service"):
            pod = manifests.named("production", "Deployment", deployment)["spec"]["template"]["spec"]
            cls.settings |= {name: value for name, value in manifests.environment("production", pod["containers"][0]).items()
                             if name.startswith("VIBESTACK_") and not re.search(r"_ADDRESS$|_DIR$|_FILE$|TLS", name)}
        cls.world = World(**cls.settings, VIBESTACK_WORKFLOWS_FILE=str(DOCKER / "workflows.json"))
        cls.addClassCleanup(cls.world.close)

    def test_the_settings_are_more_than_a_few(self):
        self.assertGreater(len(self.settings), 4)

    def test_the_health_services_that_probes_ask_for_are_served(self):
        asked = {probe["grpc"]["service"] for _, _, _, container, _ in containers()
                 for probe in map(container.get, ("startupProbe", "livenessProbe", "readinessProbe")) if "grpc" in (probe or ())}
        self.assertEqual(asked, {"liveness", "readiness"})
        for port in ("USER_PORT", "JOB_PORT"):
            with grpc.insecure_channel(f"127.0.0.1:{self.world.up.ports[port]}") as channel:
                check = channel.unary_unary("/grpc.health.v1.Health/Check")
                for service in asked:
                    self.assertEqual(check(b"\x0a" + bytes([len(service)]) + service.encode(), timeout=10), b"\x08\x01", service)

    def test_metrics_are_where_they_are_scraped_and_each_that_is_named_exists(self):
        monitor = manifests.named("production", "ServiceMonitor", "vibestack")["spec"]["endpoints"][0]
        exposed = set()
        for port in ("USER_METRICS", "JOB_METRICS"):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.world.up.ports[port]}{monitor['path']}", timeout=10) as answer:
                exposed |= set(re.findall(r"^# TYPE (\w+)", answer.read().decode(), re.M))
        self.assertIn("vibestack_rpc_duration_seconds", exposed)
        named = set()
        for file in pathlib.Path(ROOT / "deploy" / "kubernetes").rglob("*.yaml"):
            named |= set(re.findall(r"\bvibestack_\w+_(?:total|seconds|bytes|bucket)\b", file.read_text(encoding="utf-8")))
        self.assertEqual({re.sub(r"_bucket$", "", name) for name in named} - exposed, set())

    def test_prometheus_of_the_compose_file_scrapes_the_services_ports(self):
        jobs = {job["job_name"]: job["dns_sd_configs"][0]["port"]
                for job in yaml.safe_load((DOCKER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]}
        self.assertEqual(jobs, {name: int(environment["VIBESTACK_METRICS_ADDRESS"].rsplit(":", 1)[1])
                                for name, environment in stages().items() if "VIBESTACK_METRICS_ADDRESS" in environment})


if __name__ == "__main__":
    unittest.main()
