"""Which pods may connect to which, by the network policies of each overlay: both ends must allow it."""

import dataclasses
import ipaddress
import itertools
import unittest

from tests.e2e.ops.kubernetes import manifests
from tests.e2e.ops.kubernetes.manifests import NAMESPACE, OVERLAYS, selects

INSIDE = "10.1.2.3"
ANYWHERE = "93.184.215.14"
METADATA = "169.254.169.254"
DNS = 53


@dataclasses.dataclass(frozen=True)
class Peer:
    """A pod; without a namespace, an address outside the cluster."""
    labels: dict = dataclasses.field(default_factory=dict)
    namespace: str | None = NAMESPACE
    namespace_labels: dict = dataclasses.field(default_factory=dict)
    address: str = INSIDE

    def all_namespace_labels(self):
        return {"kubernetes.io/metadata.name": self.namespace} | self.namespace_labels


def outside(address):
    return Peer(namespace=None, address=address)


def elsewhere(namespace, labels=None, **namespace_labels):
    return Peer(labels or {}, namespace, namespace_labels)


STRANGER = Peer({"app.kubernetes.io/name": "stranger"})
DNS_SERVER = elsewhere("kube-system", {"k8s-app": "kube-dns"})
CLIENT = {"vibestack/grpc-client": "true"}


def pods_of(overlay):
    """Returns the pods of the overlay by name, and the pods of the operator's database cluster with its labels."""
    found = {template["spec"]["serviceAccountName"]: Peer(template["metadata"]["labels"])
             for _, template in manifests.templates(overlay)}
    for cluster in manifests.of_kind(overlay, "Cluster"):
        labels = {"cnpg.io/cluster": cluster["metadata"]["name"]} | cluster["spec"]["inheritedMetadata"]["labels"]
        found["postgres"] = Peer(labels)
    return found


def overlays():
    return [(overlay, pods_of(overlay)) for overlay in OVERLAYS]


def in_block(block, address):
    def inside(cidr):
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)
    return inside(block["cidr"]) and not any(inside(cidr) for cidr in block.get("except", ()))


def names_peer(entry, peer):
    """Returns whether an entry of `from` or `to` matches the peer."""
    if "ipBlock" in entry:
        return in_block(entry["ipBlock"], peer.address)
    if peer.namespace is None:
        return False
    of_namespace = (selects(entry["namespaceSelector"], peer.all_namespace_labels()) if "namespaceSelector" in entry
                    else peer.namespace == NAMESPACE)
    return of_namespace and selects(entry.get("podSelector", {}), peer.labels)


def names_port(entry, port, protocol):
    first = entry.get("port", 0)
    last = entry.get("endPort", first or 65535)
    return entry.get("protocol", "TCP") == protocol and first <= port <= last


def one_side_allows(overlay, direction, pod, peer, port, protocol):
    """Returns whether the policies for a pod allow a peer in that direction. Without a policy every peer is allowed."""
    if pod.namespace != NAMESPACE:
        return True
    specs = [policy["spec"] for policy in manifests.of_kind(overlay, "NetworkPolicy")]
    specs = [spec for spec in specs if direction in spec["policyTypes"] and selects(spec["podSelector"], pod.labels)]
    side = "from" if direction == "Ingress" else "to"
    rules = [rule for spec in specs for rule in spec.get(direction.lower()) or ()]
    return not specs or any(
        (not rule.get(side) or any(names_peer(entry, peer) for entry in rule[side])) and
        (not rule.get("ports") or any(names_port(entry, port, protocol) for entry in rule["ports"])) for rule in rules)


def allowed(overlay, source, target, port, protocol="TCP"):
    return (one_side_allows(overlay, "Egress", source, target, port, protocol) and
            one_side_allows(overlay, "Ingress", target, source, port, protocol))


class NetworkTest(unittest.TestCase):
    def test_inside_these_talk_with_each_other_and_nobody_else(self):
        wanted = {("gateway", "user-service", 50051), ("gateway", "job-service", 50052), ("job-service", "user-service", 50051),
                  ("user-service", "postgres", 5432), ("job-service", "postgres", 5432), ("migrations", "postgres", 5432)}
        # Its instances replicate and ask for each other's status.
        replication = {"local": set(), "production": {("postgres", "postgres", 5432), ("postgres", "postgres", 8000)}}
        ports = {port["containerPort"] for _, _, _, container, _ in manifests.containers() for port in container.get("ports", ())}
        ports |= {5432, 8000, 9187}
        for overlay, pods in overlays():
            pods |= {"stranger": STRANGER, "another stranger": Peer()}
            found = {(source, target, port) for source, target in itertools.product(pods, pods) for port in ports
                     if allowed(overlay, pods[source], pods[target], port)}
            self.assertEqual(found, wanted | replication[overlay], overlay)

    def test_every_pod_asks_for_names(self):
        for overlay, pods in overlays():
            for name, pod in (pods | {"stranger": STRANGER}).items():
                for protocol in ("TCP", "UDP"):
                    self.assertTrue(allowed(overlay, pod, DNS_SERVER, DNS, protocol), (overlay, name))
                for other in (elsewhere("kube-system"), elsewhere("default", DNS_SERVER.labels), outside(ANYWHERE)):
                    self.assertFalse(allowed(overlay, pod, other, DNS, "UDP"), (overlay, name))

    def test_metrics_are_for_the_namespace_monitoring(self):
        served = {"user-service": 9464, "job-service": 9465}
        for overlay, pods in overlays():
            for name, pod in pods.items():
                found = {port for port in (50051, 50052, 50061, 50062, 9464, 9465)
                         if allowed(overlay, elsewhere("monitoring"), pod, port)}
                self.assertEqual(found, {served[name]} if name in served else set(), (overlay, name))
                for port in served.values():
                    self.assertFalse(allowed(overlay, elsewhere("default"), pod, port), (overlay, name))

    def test_the_gateway_alone_is_for_everybody(self):
        for overlay, pods in overlays():
            for caller in (outside(ANYWHERE), elsewhere("default"), elsewhere("ingress-nginx", CLIENT)):
                found = {(name, port) for name, pod in pods.items() for port in (8080, 50051, 50052, 50061, 50062, 5432)
                         if allowed(overlay, caller, pod, port)}
                self.assertEqual(found, {("gateway", 8080)}, overlay)

    def test_a_client_of_another_namespace_has_the_label_and_so_does_its_namespace(self):
        labelled = Peer(CLIENT, "workers", CLIENT)
        for overlay, pods in overlays():
            for name, port in (("user-service", 50051), ("job-service", 50052)):
                self.assertTrue(allowed(overlay, labelled, pods[name], port), (overlay, name))
                for other in (Peer(CLIENT, "workers"), Peer({}, "workers", CLIENT), Peer(CLIENT)):
                    self.assertFalse(allowed(overlay, other, pods[name], port), (overlay, name))
            self.assertFalse(allowed(overlay, labelled, pods["postgres"], 5432), overlay)

    def test_webhooks_go_out_by_https_but_not_to_the_clouds_metadata(self):
        for overlay, pods in overlays():
            found = {(name, address, port) for name, pod in pods.items() for address in (ANYWHERE, METADATA, "fd00:ec2::254")
                     for port in (80, 443, 5678, 6443) if allowed(overlay, pod, outside(address), port) and name != "postgres"}
            self.assertEqual(found, {("user-service", ANYWHERE, 443), ("job-service", ANYWHERE, 443)}, overlay)
            workflows = {name for name, pod in pods.items() if allowed(overlay, pod, elsewhere("n8n"), 5678)}
            self.assertEqual(workflows, {"user-service", "job-service"}, overlay)

    def test_spans_go_to_a_collector(self):
        collector = elsewhere("telemetry", {"app.kubernetes.io/name": "opentelemetry-collector"})
        for overlay, pods in overlays():
            found = {name for name, pod in pods.items() if allowed(overlay, pod, collector, 4318)}
            self.assertEqual(found, {"gateway", "user-service", "job-service"}, overlay)
            self.assertFalse(allowed(overlay, pods["gateway"], elsewhere("telemetry"), 4318), overlay)

    def test_the_database_is_looked_after_by_its_operator_and_by_nobody_in_local(self):
        ports = (5432, 8000, 9187)
        for overlay, pods in overlays():
            found = {(caller, port) for caller in ("cnpg-system", "monitoring", "default") for port in ports
                     if allowed(overlay, elsewhere(caller), pods["postgres"], port)}
            operated = {("cnpg-system", 5432), ("cnpg-system", 8000), ("monitoring", 9187)}
            self.assertEqual(found, operated if overlay == "production" else set(), overlay)


if __name__ == "__main__":
    unittest.main()
