"""What manifests and the compose file promise: restricted pods, rollouts without a gap, addresses that are there, what is scraped."""

import re
import unittest
import urllib.parse

import yaml

from tests.e2e.ops.kubernetes import manifests
from tests.e2e.ops.kubernetes.manifests import DOCKER, NAMESPACE, OVERLAYS, compose, containers, selects, stages
from tests.e2e.ops.kubernetes.programs import ROOT

DEPLOYMENTS = {"gateway", "user-service", "job-service"}
PODS = {"local": DEPLOYMENTS | {"migrations", "postgres"}, "production": DEPLOYMENTS | {"migrations"}}
SERVICES = {"user_service", "job_service"}
RESTRICTED = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, "allowPrivilegeEscalation": False,
              "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
# Those who balance over all replicas, by the addresses of a name.
BALANCING = {"GATEWAY_USER_SERVICE", "GATEWAY_JOB_SERVICE", "VIBESTACK_USER_SERVICE_ADDRESS"}
DEFAULT_PORTS = {"http": 80, "https": 443, "postgresql": 5432}
# What the images listen on that are not ours.
FOREIGN_PORTS = {"postgres": {5432}, "prometheus": {9090}, "n8n": {5678}}
# A finite absl::Duration that is more than nothing.
FINITE = r"(?=.*[1-9])(\d+(ms|s|m|h))+"


def addresses(value):
    """Returns (host, port) of each address in a variable's value: a URL, or HOST:PORT separated by commas."""
    value = str(value)
    if "://" in value:
        url = urllib.parse.urlsplit(re.sub(r"\$\{[^}]*\}", "", value))
        return [(url.hostname, url.port or DEFAULT_PORTS[url.scheme])]
    found = [re.fullmatch(r"([A-Za-z][\w.-]*):(\d+)", part) for part in value.split(",")]
    return [(match[1], int(match[2])) for match in found if match]


def service_of(overlay, host):
    """Returns the Service of a host name; None for a host outside the cluster. Raises KeyError if there is no such Service."""
    name, *domain = host.split(".")
    if domain and "svc" not in domain and domain != [NAMESPACE]:
        return None
    if domain and domain[0] != NAMESPACE:
        return None
    return manifests.named(overlay, "Service", name)["spec"]


def templates_behind(overlay, service):
    found = [template for _, template in manifests.templates(overlay) if selects({"matchLabels": service["selector"]},
                                                                                template["metadata"]["labels"])]
    assert found, service
    return found


def named_addresses():
    """Returns (where, overlay, variable, host, port) of all addresses in the containers' environments."""
    return [(where, where.split(":")[0], variable, host, port) for where, _, environment, _, _ in containers()
            for variable, value in environment.items() for host, port in addresses(value)]


class PodsTest(unittest.TestCase):
    def each_pod(self):
        for overlay in OVERLAYS:
            pods = manifests.pods(overlay)
            self.assertEqual({pod["serviceAccountName"] for _, pod in pods}, PODS[overlay])
            for name, pod in pods:
                yield overlay, f"{overlay}: {name}", pod

    def each_deployment(self):
        for overlay in OVERLAYS:
            self.assertEqual({name for name, _ in manifests.templates(overlay, "Deployment")}, DEPLOYMENTS)
            for document in manifests.of_kind(overlay, "Deployment"):
                yield f"{overlay}: {document['metadata']['name']}", document["spec"]

    def test_no_pod_holds_a_token_of_the_api(self):
        for overlay, where, pod in self.each_pod():
            account = manifests.named(overlay, "ServiceAccount", pod["serviceAccountName"])
            self.assertIs(account.get("automountServiceAccountToken"), False, where)
            # The pod's own word goes before its account's.
            self.assertIs(pod.get("automountServiceAccountToken", False), False, where)

    def test_every_container_is_restricted(self):
        for _, where, pod in self.each_pod():
            self.assertEqual({name for name in pod if name in ("hostNetwork", "hostPID", "hostIPC")}, set(), where)
            for container in pod["containers"] + pod.get("initContainers", []):
                context = pod.get("securityContext", {}) | container.get("securityContext", {})
                self.assertEqual({name: context.get(name) for name in RESTRICTED}, RESTRICTED, where)
                self.assertFalse(context.get("privileged"), where)
                self.assertGreater(context["runAsUser"], 0, where)

    def test_a_rollout_takes_no_replica_away_before_its_successor_is_ready(self):
        for where, spec in self.each_deployment():
            self.assertEqual(spec["strategy"].get("type", "RollingUpdate"), "RollingUpdate", where)
            self.assertEqual(spec["strategy"]["rollingUpdate"]["maxUnavailable"], 0, where)
            self.assertIn("readinessProbe", spec["template"]["spec"]["containers"][0], where)

    def test_readiness_is_asked_for_by_readiness_alone(self):
        kinds = {"startupProbe": "liveness", "livenessProbe": "liveness", "readinessProbe": "readiness"}
        for where, image, environment, container, _ in containers():
            if image in SERVICES:
                port = int(environment["VIBESTACK_HEALTH_ADDRESS"].rsplit(":", 1)[1])
                wanted = {probe: {"port": port, "service": service} for probe, service in kinds.items()}
                self.assertEqual({probe: container.get(probe, {}).get("grpc") for probe in kinds}, wanted, where)
            elif image == "gateway":
                self.assertEqual({str(container.get(probe, {}).get("tcpSocket")) for probe in kinds}, {"{'port': 'http'}"}, where)

    def test_connections_of_clients_end_some_time_so_that_new_replicas_get_their_share(self):
        ages = [(where, environment.get("VIBESTACK_MAX_CONNECTION_AGE", "")) for where, image, environment, _, _ in containers()
                if image in SERVICES]
        self.assertEqual(len(ages), 4)
        for where, age in ages:
            self.assertRegex(age, f"^{FINITE}$", where)

    def test_replicas_are_spread_by_labels_of_their_own_and_of_nobody_else(self):
        for where, spec in self.each_deployment():
            name = where.split(": ")[1]
            pod = spec["template"]["spec"]
            spread = [constraint["labelSelector"] for constraint in pod["topologySpreadConstraints"]]
            spread += [term["podAffinityTerm"]["labelSelector"] for term in
                       pod["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]]
            self.assertEqual(len(spread), 2, where)
            for selector in [*spread, spec["selector"]]:
                selected = {other for other, template in manifests.templates(where.split(":")[0])
                            if selects(selector, template["metadata"]["labels"])}
                self.assertEqual(selected, {name}, where)


class AddressesTest(unittest.TestCase):
    def test_every_address_is_of_a_service_that_has_the_port(self):
        found = named_addresses()
        for where, overlay, variable, host, port in found:
            with self.subTest(f"{where} {variable}"):
                if (service := service_of(overlay, host)) is not None:
                    self.assertIn(port, [entry["port"] for entry in service["ports"]])
        asked = {(overlay, variable) for _, overlay, variable, _, _ in found}
        self.assertGreaterEqual(asked, {(overlay, variable) for overlay in OVERLAYS
                                        for variable in (*BALANCING, "VIBESTACK_CALLBACK_BASE_URL")} | {("local", "DATABASE_URL")})

    def test_those_that_balance_by_call_get_the_addresses_of_all_replicas(self):
        asked = [(overlay, variable, host) for _, overlay, variable, host, _ in named_addresses() if variable in BALANCING]
        self.assertEqual(len(asked), len(OVERLAYS) * len(BALANCING))
        for overlay, variable, host in asked:
            self.assertEqual(service_of(overlay, host).get("clusterIP"), "None", f"{overlay}: {variable}")

    def test_a_server_certificate_holds_the_names_by_which_its_pods_are_called(self):
        names = {document["spec"]["secretName"]: set(document["spec"].get("dnsNames", ()))
                 for document in manifests.of_kind("production", "Certificate")}
        for _, overlay, variable, host, _ in named_addresses():
            if overlay == "production" and variable in BALANCING:
                for template in templates_behind(overlay, service_of(overlay, host)):
                    mounted, = {volume["secret"]["secretName"] for volume in template["spec"]["volumes"]
                                if volume.get("secret", {}).get("secretName") in names}
                    self.assertIn(host, names[mounted], variable)
        # Callers from elsewhere take any Service in front of a pod, by its short name or with the namespace.
        for service in manifests.of_kind("production", "Service"):
            short = service["metadata"]["name"]
            mounted, = {f"{template['spec']['serviceAccountName']}-tls" for template in templates_behind("production", service["spec"])}
            self.assertLessEqual({short, f"{short}.{NAMESPACE}.svc"}, names[mounted])

    def test_local_has_no_certificates_and_names_none(self):
        self.assertEqual(manifests.of_kind("local", "Certificate"), [])
        self.assertEqual([name for where, _, environment, _, _ in containers() if where.startswith("local")
                          for name in environment if "TLS" in name or "UPSTREAM" in name], [])


class MonitoringTest(unittest.TestCase):
    def setUp(self):
        self.monitor = manifests.named("production", "ServiceMonitor", "vibestack")["spec"]
        self.endpoint, = self.monitor["endpoints"]
        self.scraped = {document["metadata"]["name"]: document["spec"] for document in manifests.of_kind("production", "Service")
                        if selects(self.monitor["selector"], document["metadata"]["labels"])}

    def job_of(self, labels):
        """Returns the label `job` that the relabelling derives from a pod's labels."""
        rule, = self.endpoint["relabelings"]
        self.assertEqual((rule["targetLabel"], rule.get("action", "replace")), ("job", "replace"))
        found = {f"__meta_kubernetes_pod_label_{re.sub(r'[^a-zA-Z0-9_]', '_', name)}": value for name, value in labels.items()}
        match = re.fullmatch(rule["regex"], ";".join(found[source] for source in rule["sourceLabels"]))
        self.assertIsNotNone(match, labels)
        return match.expand(re.sub(r"\$\{(\w+)\}", r"\\g<\1>", rule["replacement"]))

    def test_what_has_metrics_is_scraped_once_by_a_port_that_it_has(self):
        self.assertNotIn("namespaceSelector", self.monitor)
        self.assertEqual(set(self.scraped), {"user-service-headless", "job-service-headless"})
        for name, service in self.scraped.items():
            self.assertIn(self.endpoint["port"], [port["name"] for port in service["ports"]], name)

    def test_the_rules_know_the_jobs_by_the_names_that_are_scraped(self):
        jobs = {self.job_of(template["metadata"]["labels"]) for service in self.scraped.values()
                for template in templates_behind("production", service)}
        self.assertEqual(jobs, SERVICES)
        rules = (ROOT / "deploy" / "dashboards" / "rules.yaml").read_text(encoding="utf-8")
        matchers = re.findall(r'\bjob(=~?)"([^"]+)"', rules)
        self.assertGreater(len(matchers), 4)
        meant = [{job for job in jobs if (job == value if kind == "=" else re.fullmatch(value, job))} for kind, value in matchers]
        self.assertNotIn(set(), meant, matchers)
        self.assertEqual(set.union(*meant), jobs)


class ComposeTest(unittest.TestCase):
    def ports_of(self, name, service):
        """Returns the ports that a service of the compose file listens on."""
        if name in FOREIGN_PORTS:
            return FOREIGN_PORTS[name]
        return {int(port) for port in stages("EXPOSE")[service["build"]["target"]]}

    def test_these_services_are_started_and_both_of_ours_twice(self):
        services = compose()
        self.assertEqual(set(services), {"postgres", "migrations", "keys", "gateway", "prometheus", "n8n"} | SERVICES)
        self.assertEqual({name: service["deploy"]["replicas"] for name, service in services.items()
                          if "replicas" in (service.get("deploy") or {})}, {name: 2 for name in SERVICES})
        for name in SERVICES:
            self.assertRegex(services[name]["environment"]["VIBESTACK_MAX_CONNECTION_AGE"], f"^{FINITE}$")

    def test_the_images_expose_what_their_environment_has_them_listen_on(self):
        for name in SERVICES:
            listens = {int(value.rsplit(":", 1)[1]) for variable, value in stages()[name].items() if variable.endswith("_ADDRESS")}
            self.assertEqual({int(port) for port in stages("EXPOSE")[name]}, listens)

    def test_every_address_is_of_a_service_and_of_a_port_that_it_listens_on(self):
        services = compose()
        found = [(name, address) for name, service in services.items() for value in (service.get("environment") or {}).values()
                 for address in addresses(value)]
        pushed = yaml.safe_load((DOCKER / "workflows.json").read_text(encoding="utf-8"))["workflows"]
        found += [("workflows.json", address) for workflow in pushed for address in addresses(workflow["push"]["url"])]
        found += [(name, (name, port["target"])) for name, service in services.items() for port in service.get("ports") or ()]
        self.assertGreaterEqual({name for name, _ in found}, SERVICES | {"migrations", "gateway", "workflows.json", "prometheus"})
        for name, (host, port) in found:
            with self.subTest(f"{name}: {host}:{port}"):
                self.assertIn(port, self.ports_of(host, services[host]))


if __name__ == "__main__":
    unittest.main()
