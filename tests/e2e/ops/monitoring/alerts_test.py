"""A real Prometheus scrapes both services, evaluates the rules of deploy/dashboards, and sees an alert come and go.

It also checks that rules and dashboard select only values that the labels can have."""

import json
import pathlib
import re
import shutil
import tempfile
import unittest
import urllib.parse
import urllib.request
import uuid

import grpc
import yaml

from tests.e2e.wire.gateway.replicas import Process
from tests.e2e.wire.gateway.world import METHODS, World
from tests.support.local_up import ROOT, free_ports
from tests.support.waiting import eventually

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yaml]
scrape_configs:
  - {{job_name: user_service, static_configs: [{{targets: ["127.0.0.1:{user}"]}}]}}
  - {{job_name: job_service, static_configs: [{{targets: ["127.0.0.1:{job}"]}}]}}
"""
DASHBOARDS = ROOT / "deploy" / "dashboards"
# Labels whose values come from the scraper or from the workflows file.
CHOSEN = {"instance", "workflow_id"}


def expressions():
    """Returns (place, expression) of the rules, of their tests' series, and of the dashboard."""
    rules, tests = (yaml.safe_load((DASHBOARDS / name).read_text(encoding="utf-8")) for name in ("rules.yaml", "rules_test.yaml"))
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        yield rule.get("alert") or rule["record"], rule["expr"]
    for series in (series for test in tests["tests"] for series in test["input_series"]):
        yield "rules_test.yaml", series["series"]
    for panel in json.loads((DASHBOARDS / "vibestack.json").read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def alternatives(pattern):
    """The patterns without groups and without choice that a regular expression stands for."""
    group = re.search(r"\(([^()]*)\)(\??)", pattern)
    if not group:
        return pattern.split("|")
    choices = group[1].split("|") + [""] * len(group[2])
    return [one for choice in choices for one in alternatives(pattern[:group.start()] + choice + pattern[group.end():])]


def picked():
    """(where, metric, label, pattern) of each value that something picks, or leaves out, by its name."""
    for where, expression in expressions():
        for metric, selector in re.findall(r"(\w+)\{([^}]*)\}", expression):
            for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
                for pattern in alternatives(value) if "~" in operator else [re.escape(value)]:
                    yield where, metric, label, pattern


class AlertsTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.place = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place)
        self.port = free_ports(1)[0]
        ports = self.world.up.ports
        (self.place / "prometheus.yml").write_text(CONFIG.format(user=ports["USER_METRICS"], job=ports["JOB_METRICS"]), encoding="ascii")
        # The rules are unchanged, except that minutes become seconds.
        rules = (DASHBOARDS / "rules.yaml").read_text(encoding="utf-8")
        (self.place / "rules.yaml").write_text(re.sub(r"for: \d+[mh]", "for: 2s", rules), encoding="utf-8")
        command = ["prometheus", f"--config.file={self.place / 'prometheus.yml'}", f"--storage.tsdb.path={self.place / 'data'}",
                   f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        prometheus = Process(command, None, self.place / "log", self._is_ready)
        self.addCleanup(prometheus.stop)

    def test_alert_fires_while_user_service_is_stopped_and_ends_when_it_is_back(self):
        self._await_scrape()
        self.assertEqual(self._groups_with_errors(), [])
        # Alerts from before the first scrape have ended.
        self.assertTrue(eventually(lambda: self._firing() == set()), self._firing())
        self.world.up.stop_service("user_service")
        self.assertTrue(eventually(lambda: ("VibestackDown", "user_service") in self._firing()), self._firing())
        self.assertNotIn(("VibestackDown", "job_service"), self._firing())
        code, said = self.world.up.run()
        self.assertEqual(code, 0, said)
        self.assertTrue(eventually(lambda: self._firing() == set()), self._firing())

    def test_every_value_that_the_rules_and_the_dashboard_pick_is_one_that_the_services_have(self):
        self._await_scrape()
        found = set(picked())
        self.assertGreater(len(found), 150)
        for where, metric, label, pattern in sorted(found):
            if label not in CHOSEN:
                with self.subTest(where=where, metric=metric, label=label, pattern=pattern):
                    known = self._known(metric, label)
                    self.assertTrue(any(re.fullmatch(pattern, value) for value in known), sorted(known))

    def test_methods_and_codes_have_the_names_of_the_protos_and_of_grpc(self):
        self._await_scrape()
        self.world.grpc.call(METHODS["GetJob"], {"id": str(uuid.uuid4())})
        self.assertTrue(eventually(lambda: "UNAUTHENTICATED" in self._values("vibestack_rpc_handled_total", "code")))
        self.assertEqual(self._values("vibestack_rpc_handled_total", "code") - self._known("", "code"), set())
        methods = self._values("vibestack_rpc_handled_total", "method")
        self.assertLessEqual({"Login", "GetJob"}, methods)
        self.assertEqual(methods - METHODS.keys(), set())

    def _await_scrape(self):
        up = 'sum(up{job=~"user_service|job_service"})'
        self.assertTrue(eventually(lambda: self._value(up) == 2), "the services are not scraped")
        self.assertTrue(eventually(lambda: self._value("sum(vibestack_ready)") == 2))

    def _known(self, metric, label):
        """All values that a label of a metric may have. Methods and codes have no series before the first such call."""
        if label == "method":
            return set(METHODS)
        if label == "code":
            return {code.name for code in grpc.StatusCode}
        # (Some metrics have a job only where their service does TLS or posts.)
        return self._values("up" if label == "job" else metric, label)

    def _values(self, metric, label):
        """Those that the label has in what was scraped."""
        return set(self._get(f"api/v1/label/{label}/values", **{"match[]": metric}))

    def _get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=5) as response:
            return json.load(response)["data"]

    def _is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1) as response:
                return response.status == 200
        except OSError:
            return False

    def _value(self, query):
        """Returns the value of a query with one answer; None without an answer."""
        result = self._get("api/v1/query", query=query)["result"]
        return float(result[0]["value"][1]) if result else None

    def _firing(self):
        return {(alert["labels"]["alertname"], alert["labels"].get("job"))
                for alert in self._get("api/v1/alerts")["alerts"] if alert["state"] == "firing"}

    def _groups_with_errors(self):
        return [rule["name"] for group in self._get("api/v1/rules")["groups"] for rule in group["rules"] if rule["health"] == "err"]


if __name__ == "__main__":
    unittest.main()
