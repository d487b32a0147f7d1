"""A real Prometheus scrapes both services, evaluates the rules of deploy/dashboards, and sees an alert come and go."""

import json
import pathlib
import re
import shutil
import tempfile
import unittest
import urllib.parse
import urllib.request

from tests.e2e.gateway.replicas import Process
from tests.e2e.gateway.world import World
from tests.support.local_up import ROOT, free_ports
from tests.support.waiting import eventually

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yaml]
scrape_configs:
  - {{job_name: user_service, static_configs: [{{targets: ["127.0.0.1:{user}"]}}]}}
  - {{job_name: job_service, static_configs: [{{targets: ["127.0.0.1:{job}"]}}]}}
"""


class AlertsTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.place = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place)
        self.port = free_ports(1)[0]
        ports = self.world.up.ports
        (self.place / "prometheus.yml").write_text(CONFIG.format(user=ports["USER_METRICS"], job=ports["JOB_METRICS"]), encoding="ascii")
        # As they are, but that what lasts for minutes lasts for seconds.
        rules = (ROOT / "deploy" / "dashboards" / "rules.yaml").read_text(encoding="utf-8")
        (self.place / "rules.yaml").write_text(re.sub(r"for: \d+[mh]", "for: 2s", rules), encoding="utf-8")
        command = ["prometheus", f"--config.file={self.place / 'prometheus.yml'}", f"--storage.tsdb.path={self.place / 'data'}",
                   f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        prometheus = Process(command, None, self.place / "log", self._is_ready)
        self.addCleanup(prometheus.stop)

    def test_alert_fires_while_user_service_is_stopped_and_ends_when_it_is_back(self):
        up = 'sum(up{job=~"user_service|job_service"})'
        self.assertTrue(eventually(lambda: self._value(up) == 2), "the services are not scraped")
        self.assertTrue(eventually(lambda: self._value("sum(vibestack_ready)") == 2))
        self.assertEqual(self._groups_with_errors(), [])
        # What fired before the first scrape has ended.
        self.assertTrue(eventually(lambda: self._firing() == set()), self._firing())
        self.world.up.stop_service("user_service")
        self.assertTrue(eventually(lambda: ("VibestackDown", "user_service") in self._firing()), self._firing())
        self.assertNotIn(("VibestackDown", "job_service"), self._firing())
        code, said = self.world.up.run()
        self.assertEqual(code, 0, said)
        self.assertTrue(eventually(lambda: self._firing() == set()), self._firing())

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
        """The value of a query with one answer; None without one."""
        result = self._get("api/v1/query", query=query)["result"]
        return float(result[0]["value"][1]) if result else None

    def _firing(self):
        return {(alert["labels"]["alertname"], alert["labels"].get("job"))
                for alert in self._get("api/v1/alerts")["alerts"] if alert["state"] == "firing"}

    def _groups_with_errors(self):
        return [rule["name"] for group in self._get("api/v1/rules")["groups"] for rule in group["rules"] if rule["health"] == "err"]


if __name__ == "__main__":
    unittest.main()
