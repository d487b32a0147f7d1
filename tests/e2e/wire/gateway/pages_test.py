"""The pages that the gateway serves from memory: compressed forms, caching, headers, and no dashboard where the operator wants none."""

import gzip
import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import envoy

from tests.e2e.wire.gateway.calls import Rest
from tests.support import local_up
from tests.support.waiting import eventually

BUILD_DIR = pathlib.Path(os.environ.get("VIBESTACK_TEST_BUILD_DIR", local_up.ROOT / "build" / "release"))
GATEWAY = local_up.ROOT / "deploy" / "gateway"
ENVOY = pathlib.Path(envoy.__file__).parent / "_bin" / "envoy"
SCRIPT = "/admin/assets/index-Bx3_k-9Z.js"
FILES = {"index.html": "<!doctype html>\n<title>Dashboard</title>\n" + "<p>text</p>\n" * 50, "favicon.svg": "<svg/>",
         "assets/index-Bx3_k-9Z.js": "// a script\n" * 100, "assets/index-C0ffee12.css": "p {}\n" * 100}


class Gateway:
    """A gateway without services."""

    def __init__(self, place, **settings):
        self.port, admin = local_up.free_ports(2)
        environment = {**os.environ, "GATEWAY_DESCRIPTORS": str(BUILD_DIR / "proto" / "vibestack.pb"),
                       "GATEWAY_DOCS": str(BUILD_DIR / "gateway" / "docs"), "GATEWAY_PORT": str(self.port),
                       "GATEWAY_ADMIN_PORT": str(admin), **settings}
        rendered = subprocess.run([GATEWAY / "render"], env=environment, capture_output=True, text=True, check=False)
        if rendered.returncode != 0:
            raise ValueError(rendered.stderr)
        self.config = rendered.stdout
        file = place / f"{self.port}.yaml"
        file.write_text(self.config, encoding="utf-8")
        # pylint: disable=consider-using-with  close() ends it
        self._process = subprocess.Popen([ENVOY, "-c", file, "--disable-hot-restart", "--log-level", "warning"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._rest = Rest("127.0.0.1", self.port)
        if not eventually(self._answers):
            self.close()
            raise AssertionError(self._process.stderr.read())

    def _answers(self):
        try:
            return self.ask("/nothing")[0] == 404
        except (ConnectionError, http.client.HTTPException):
            return self._process.poll() is not None

    def ask(self, path, verb="GET", **headers):
        """Returns (status, headers, body)."""
        return self._rest.raw(verb, path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def close(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._process.stderr.close()


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.dashboard = cls.place / "dashboard"
        for name, text in FILES.items():
            (cls.dashboard / name).parent.mkdir(parents=True, exist_ok=True)
            (cls.dashboard / name).write_text(text, encoding="utf-8")
        subprocess.run([GATEWAY / "compress", cls.dashboard], check=True)
        cls.gateway = Gateway(cls.place, GATEWAY_DASHBOARD=str(cls.dashboard), GATEWAY_GRAFANA_URL="https://grafana.example.org/d/1?a=%20b&c")
        cls.addClassCleanup(cls.gateway.close)

    def test_every_file_is_served_as_it_is(self):
        for name, text in FILES.items():
            with self.subTest(name):
                status, headers, body = self.gateway.ask(f"/admin/{name.removeprefix('index.html')}")
                self.assertEqual((status, body.decode(), headers["content-encoding"]), (200, text, None))
                kind = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
                        "svg": "image/svg+xml"}[name.rsplit(".", 1)[1]]
                self.assertEqual(headers["content-type"], kind)

    def test_the_form_follows_what_the_client_accepts(self):
        for accepted, expected in ((None, None), ("identity", None), ("gzip", "gzip"), ("GZip", "gzip"), ("gzip;q=0", None),
                                   ("gzip; q=0.0, identity", None), ("deflate, gzip;q=0.001", "gzip"), ("gzip, deflate, br, zstd", "br"),
                                   ("br;q=0, gzip", "gzip"), ("x-gzip, brotli", None), ("br;q=1.0", "br"), ("gzipped", None)):
            with self.subTest(accepted):
                headers = {} if accepted is None else {"accept_encoding": accepted}
                status, answered, body = self.gateway.ask(SCRIPT, **headers)
                self.assertEqual((status, answered["content-encoding"], answered["vary"]), (200, expected, "accept-encoding"))
                file = self.dashboard / SCRIPT.removeprefix("/admin/")
                self.assertEqual(body, pathlib.Path(f"{file}{ {None: '', 'gzip': '.gz', 'br': '.br'}[expected]}").read_bytes())
        _, _, body = self.gateway.ask("/docs", accept_encoding="gzip")
        self.assertEqual(gzip.decompress(body), (BUILD_DIR / "gateway" / "docs" / "index.html").read_bytes())

    def test_names_with_a_hash_stay_for_a_year_and_all_others_are_asked_for_again(self):
        for path in ("/admin/", "/admin/favicon.svg", "/admin/config.json", "/docs", "/openapi.json"):
            self.assertEqual(self.gateway.ask(path)[1]["cache-control"], "no-cache", path)
        page = self.gateway.ask("/docs")[2].decode()
        script = re.search(r'src="(docs/assets/page-[0-9a-f]+\.js)"', page)[1]
        for path in (SCRIPT, f"/{script}"):
            self.assertEqual(self.gateway.ask(path)[1]["cache-control"], "public, max-age=31536000, immutable", path)

    def test_a_client_that_has_the_file_gets_304(self):
        for path in ("/admin/", SCRIPT, "/docs", "/openapi.json"):
            with self.subTest(path):
                _, headers, _ = self.gateway.ask(path)
                for seen in (headers["etag"], f'"other", {headers["etag"]}', headers["etag"].removeprefix("W/")):
                    status, again, body = self.gateway.ask(path, if_none_match=seen, accept_encoding="gzip")
                    self.assertEqual((status, body, again["etag"]), (304, b"", headers["etag"]))
                    self.assertEqual(again["cache-control"], headers["cache-control"])
                self.assertEqual(self.gateway.ask(path, if_none_match='"other"')[0], 200)

    def test_the_page_is_locked(self):
        _, headers, _ = self.gateway.ask("/admin/")
        policy = dict(one.strip().partition(" ")[::2] for one in headers["content-security-policy"].split(";"))
        self.assertEqual(policy, {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
                                  "connect-src": "'self'", "require-trusted-types-for": "'script'", "base-uri": "'none'",
                                  "form-action": "'none'", "frame-ancestors": "'none'"})
        for path in ("/admin/", "/docs"):
            _, headers, _ = self.gateway.ask(path)
            self.assertEqual(headers["cross-origin-opener-policy"], "same-origin")
            self.assertIn("camera=()", headers["permissions-policy"])
            self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
        for path in ("/admin", "/admin/", "/admin/config.json", SCRIPT, "/docs", "/openapi.json"):
            _, headers, _ = self.gateway.ask(path)
            self.assertEqual((headers["x-content-type-options"], headers["referrer-policy"], headers["cross-origin-resource-policy"]),
                             ("nosniff", "no-referrer", "same-origin"), path)

    def test_the_short_path_leads_to_the_page(self):
        status, headers, body = self.gateway.ask("/admin")
        self.assertEqual((status, headers["location"], body), (308, "/admin/", b""))

    def test_the_dashboard_reads_its_settings(self):
        _, headers, body = self.gateway.ask("/admin/config.json")
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(body, b'{"grafana_url":"https://grafana.example.org/d/1?a=%20b&c","docs_url":"/docs"}')

    def test_head_has_the_same_headers_and_no_body(self):
        _, headers, _ = self.gateway.ask("/admin/")
        status, again, body = self.gateway.ask("/admin/", "HEAD")
        self.assertEqual((status, again["etag"], again["content-length"], body), (200, headers["etag"], headers["content-length"], b""))

    def test_nothing_else_is_served_there(self):
        for path in ("/admin/index.html", "/admin/assets/", "/admin/assets/nothing.js", f"{SCRIPT}.gz", "/admin/../admin", "/docs/", "/administration"):
            self.assertEqual(self.gateway.ask(path)[0], 404 if path != "/admin/../admin" else 308, path)
        for path in ("/admin/", "/docs"):
            self.assertEqual(self.gateway.ask(path, "POST")[0], 404, path)
        self.assertEqual(self.gateway.ask("/admin/", authorization="Bearer forged")[0], 200)

    def test_an_operator_may_leave_the_dashboard_out(self):
        gateway = Gateway(self.place, GATEWAY_DASHBOARD="")
        self.addCleanup(gateway.close)
        for path in ("/admin", "/admin/", "/admin/config.json", SCRIPT):
            self.assertEqual(gateway.ask(path)[0], 404, path)
        self.assertEqual(gateway.ask("/docs")[0], 200)

    def test_the_configuration_fits_into_one_argument(self):
        # The image's entry point passes it so; Linux allows 128 KiB.
        self.assertLess(len(self.gateway.config), 100_000)

    def test_settings_that_could_inject_something_are_refused(self):
        for name, value in (("GATEWAY_GRAFANA_URL", "javascript:alert(1)"), ("GATEWAY_GRAFANA_URL", 'https://a/"}'),
                            ("GATEWAY_DOCS_URL", "https://a/\n- evil"), ("GATEWAY_DOCS_URL", "docs"), ("GATEWAY_DASHBOARD", "/nowhere")):
            with self.subTest(value), self.assertRaisesRegex(ValueError, "^render: "):
                Gateway(self.place, **{"GATEWAY_DASHBOARD": str(self.dashboard), name: value})


if __name__ == "__main__":
    unittest.main()
