"""TLS on every connection: from a REST client through the gateway and both services to PostgreSQL."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import time
import unittest
import uuid

from tests.e2e.wire.gateway import replicas
from tests.e2e.wire.gateway.calls import Rest
from tests.e2e.wire.gateway.load import Load
from tests.e2e.wire.gateway.world import METHODS, PASSWORD, World
from tests.support import local_up
from tests.support.tls import Certificates, serve_postgres, show_postgres
from tests.support.waiting import eventually

RELOAD_SECONDS = 2
HOSTS = ("127.0.0.1", "localhost")


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.certificates = Certificates(cls.world.up.place / "tls")
        for authority in ("ca", "other"):
            cls.certificates.authority(authority)
        for name, hosts in (("edge", HOSTS), ("gateway", ()), ("user_service", HOSTS), ("job_service", HOSTS),
                            ("postgres", ("localhost",)), ("certified", ())):
            cls.certificates.issue("ca", name, *hosts)
        for name, hosts in (("late", ()), ("late_service", HOSTS), ("late_postgres", ("localhost",))):
            cls.certificates.issue("ca", name, *hosts, expired=True)
        serve_postgres(cls.world.query, cls.certificates, "postgres", "ca", "certified")
        cls.user, cls.job = cls.start_services()
        process, cls.port, cls.admin = replicas.gateway(
            cls.world, [cls.user], [cls.job], lambda port: replicas.answers(port, 200, cls.certificates.client("ca")),
            **cls.settings(GATEWAY_TLS_CERT=cls.certificates.certificate("edge"), GATEWAY_TLS_KEY=cls.certificates.key("edge")))
        cls.addClassCleanup(process.stop)
        cls.rest = Rest("127.0.0.1", cls.port, cls.certificates.client("ca"))

    @classmethod
    def start_services(cls):
        addresses = []
        for name, flags in (
                ("user_service", lambda: [f"--keys_dir={cls.world.up.place / 'keys'}"]),
                ("job_service", lambda: [f"--service_token_file={cls.world.up.place / 'job_service.token'}", "--owner_ttl=0s",
                                         f"--user_service_address={addresses[0]}", *cls.tls_flags("user_service_tls", "job_service"),
                                         f"--user_service_tls_ca={cls.certificates.certificate('ca')}"])):
            health = f"127.0.0.1:{local_up.free_ports(1)[0]}"
            process, address = replicas.replica(
                cls.world, name, *flags(), *cls.tls_flags("tls", name), f"--tls_client_ca={cls.certificates.certificate('ca')}",
                f"--tls_reload={RELOAD_SECONDS}s", f"--health_address={health}", f"--database_url={cls.database_url()}",
                is_ready=lambda health=health: replicas.serves(health))
            cls.addClassCleanup(process.stop)
            addresses.append(address)
        return addresses

    @classmethod
    def tls_flags(cls, prefix, name):
        return [f"--{prefix}_cert={cls.certificates.certificate(name)}", f"--{prefix}_key={cls.certificates.key(name)}"]

    @classmethod
    def database_url(cls, host="localhost", authority="ca", more=""):
        return (cls.world.database_url().replace("@127.0.0.1:", f"@{host}:") + "?sslmode=verify-full"
                f"&sslrootcert={cls.certificates.certificate(authority)}&application_name=over_tls{more}")

    @classmethod
    def settings(cls, **more):
        """The settings of a gateway that calls the services over mutual TLS."""
        settings = {"GATEWAY_UPSTREAM_CA": cls.certificates.certificate("ca"),
                    "GATEWAY_UPSTREAM_CERT": cls.certificates.certificate("gateway"),
                    "GATEWAY_UPSTREAM_KEY": cls.certificates.key("gateway"),
                    "GATEWAY_SECRETS_DIR": cls.world.up.place / f"secrets-{uuid.uuid4().hex}"}
        return {name: str(value) for name, value in (settings | more).items()}

    def call(self, method, request, token=None):
        answer = self.rest.call(METHODS[method], request, token)
        self.assertEqual(answer.http_status, 200, answer)
        return answer.body

    def test_a_job_goes_from_rest_to_the_database_over_verified_tls(self):
        person = {"email": f"{uuid.uuid4().hex}@example.org", "password": PASSWORD}
        self.call("SignUp", person)
        token = self.call("Login", person)["access_token"]
        job = self.call("CreateJob", {"workflow_id": "secure"}, token)
        claimed = self.call("ClaimJobs", {"workflow_ids": ["secure"]}, self.world.worker)["jobs"][0]
        self.call("CompleteJob", {"id": job["id"], "lease_token": claimed["lease_token"], "result_payload": {"safe": True}},
                  self.world.worker)
        found = self.call("GetJob", {"id": job["id"]}, token)
        self.assertEqual((found["status"], found["result_payload"]), ("COMPLETED", {"safe": True}))
        versions = set(self.world.query("SELECT coalesce(s.version, 'plaintext') FROM pg_stat_ssl s "
                                        "JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'over_tls'"))
        self.assertEqual(versions, {"TLSv1.3"})

    def test_certificates_that_are_replaced_are_in_use_in_time_and_no_call_fails(self):
        load = Load(self.rest, self.world.person())
        self.addCleanup(load.stop)
        took = {}
        for name, hosts, is_used in (("edge", HOSTS, lambda: self.shown(f"127.0.0.1:{self.port}") == self.der("edge")),
                                     ("gateway", (), lambda: self.serial("gateway") in self.serials_of_gateway()),
                                     ("user_service", HOSTS, lambda: self.shown(self.user) == self.der("user_service")),
                                     ("job_service", HOSTS, lambda: self.shown(self.job) == self.der("job_service"))):
            calls = load.total()
            old = self.der(name)
            self.certificates.issue("ca", name, *hosts)
            self.assertNotEqual(old, self.der(name))
            began = time.monotonic()
            self.assertTrue(eventually(is_used), name)
            took[name] = time.monotonic() - began
            self.assertTrue(eventually(lambda calls=calls: load.total() > calls + 100), "no calls are answered any more")
        load.stop()
        print(f"\ntls: {dict(load.answers)}; in use after {({name: round(seconds, 2) for name, seconds in took.items()})} s")
        self.assertEqual(load.others, [])
        self.assertLess(max(took.values()), RELOAD_SECONDS + 5)

    def test_nothing_older_than_tls_1_2_is_spoken_with_clients(self):
        context = self.certificates.client("ca")
        # (Without it openssl itself would refuse to speak something so old.)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaisesRegex(ssl.SSLError, "alert protocol version"):
            Rest("127.0.0.1", self.port, context).raw("GET", "/.well-known/jwks.json")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(Rest("127.0.0.1", self.port, context).raw("GET", "/.well-known/jwks.json")[0], 200)

    def test_services_that_the_gateway_does_not_believe_are_not_called(self):
        self.assert_away("CERTIFICATE_VERIFY_FAILED", GATEWAY_UPSTREAM_CA=self.certificates.certificate("other"))
        self.assert_away("SAN", GATEWAY_USER_SERVICE_NAME="elsewhere.example.org")

    def test_a_service_whose_certificate_has_expired_is_not_called(self):
        health = f"127.0.0.1:{local_up.free_ports(1)[0]}"
        process, address = replicas.replica(
            self.world, "user_service", f"--keys_dir={self.world.up.place / 'keys'}", *self.tls_flags("tls", "late_service"),
            f"--health_address={health}", is_ready=lambda: replicas.serves(health))
        self.addCleanup(process.stop)
        self.assert_away("certificate_has_expired", user=address)

    def test_gateways_that_the_services_do_not_believe_are_refused(self):
        log = replicas.log_of(self.world, "user_service", self.user)
        self.assert_away(None, GATEWAY_UPSTREAM_CERT="", GATEWAY_UPSTREAM_KEY="")
        self.assertTrue(eventually(lambda: "peer did not return a certificate" in log.read_text(encoding="utf-8")))
        self.assert_away(None, GATEWAY_UPSTREAM_CERT=self.certificates.certificate("late"),
                         GATEWAY_UPSTREAM_KEY=self.certificates.key("late"))
        self.assertTrue(eventually(lambda: "CN=late" in log.read_text(encoding="utf-8")))
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if "CN=late" in line]
        self.assertEqual({(line["event"], line["cause"]) for line in lines}, {("tls_handshake_failed", "certificate has expired")})

    def assert_away(self, words, user=None, **settings):
        """Checks that a gateway with those settings cannot reach user_service, and that its log has these words, if any."""
        process, port, _ = replicas.gateway(self.world, [user or self.user], [self.job], lambda port: replicas.answers(port, 503),
                                            **self.settings(**settings))
        self.addCleanup(process.stop)
        status, _, text = Rest("127.0.0.1", port).raw("GET", "/.well-known/jwks.json")
        self.assertEqual((status, json.loads(text)["details"][0]["reason"]), (503, "GATEWAY_UPSTREAM_UNAVAILABLE"))
        log = replicas.log_of(self.world, "gateway", f":{port}")
        self.assertTrue(words is None or eventually(lambda: words in log.read_text(encoding="utf-8")), log.read_text(encoding="utf-8")[-3000:])

    def test_a_database_that_cannot_be_verified_is_not_used(self):
        self.assert_no_database("another host", self.database_url(host="127.0.0.1"))
        self.assert_no_database("no authority in sslrootcert", self.database_url(authority="other"))
        self.assert_no_database("the sslrootcert file cannot be used", self.database_url(authority="nothing"))

    def test_a_database_whose_certificate_has_expired_is_not_used(self):
        self.addCleanup(show_postgres, self.world.query, self.certificates, "postgres")
        show_postgres(self.world.query, self.certificates, "late_postgres")
        # libpq reports `certificate verify failed` for both an untrusted authority and an expired certificate, so the log names
        # both.
        self.assert_no_database("or it has expired", self.database_url())
        show_postgres(self.world.query, self.certificates, "postgres")
        process, health = self.start_on(self.database_url())
        self.assertTrue(replicas.serves(health))
        self.assertEqual(process.stop(), 0)

    def test_a_client_certificate_stands_in_for_the_databases_password(self):
        _, rest = self.database_url().split("@")
        as_certified = f"postgresql://certified@{rest}"
        pair = "&sslcert={}&sslkey={}"
        good = pair.format(self.certificates.certificate("certified"), self.certificates.key("certified"))
        process, health = self.start_on(as_certified + good)
        self.assertTrue(replicas.serves(health, 20))
        self.assertEqual(process.stop(), 0)
        other = pair.format(self.certificates.certificate("gateway"), self.certificates.key("gateway"))
        self.assert_no_database("does not accept this client certificate", as_certified + other)
        self.assert_no_database("requires a client certificate", as_certified)

    def start_on(self, database_url, is_ready=None):
        """Starts a plaintext user_service on that database; returns (process, health address)."""
        health = f"127.0.0.1:{local_up.free_ports(1)[0]}"
        process, address = replicas.replica(
            self.world, "user_service", f"--keys_dir={self.world.up.place / 'keys'}", f"--health_address={health}",
            f"--database_url={database_url}", is_ready=is_ready or (lambda: replicas.serves(health)))
        self.addCleanup(process.stop)
        self.log = replicas.log_of(self.world, "user_service", address)
        return process, health

    def assert_no_database(self, words, database_url):
        process, health = self.start_on(database_url, lambda: True)
        self.assertTrue(eventually(lambda: "database_unavailable" in self.log.read_text(encoding="utf-8")))
        text = self.log.read_text(encoding="utf-8")
        line = next(json.loads(line) for line in text.splitlines() if "database_unavailable" in line)
        self.assertIn(words, line["fault"])
        self.assertNotIn(str(self.world.up.place), line["fault"])
        self.assertFalse(replicas.serves(health))
        self.assertEqual(process.stop(), 0)

    def test_settings_that_make_no_sense_are_refused(self):
        good = self.settings()
        for words, settings in (("or neither", good | {"GATEWAY_UPSTREAM_KEY": ""}),
                                ("cannot be read", good | {"GATEWAY_UPSTREAM_CA": "/nothing"}),
                                ("absolute path", good | {"GATEWAY_UPSTREAM_CA": "ca.pem"}),
                                ("GATEWAY_SECRETS_DIR", good | {"GATEWAY_SECRETS_DIR": ""}),
                                ("need GATEWAY_UPSTREAM_CA", good | {"GATEWAY_UPSTREAM_CA": ""})):
            with self.subTest(words):
                done = subprocess.run([local_up.ROOT / "deploy/gateway/render"], capture_output=True, text=True, check=False,
                                      env={**os.environ, "GATEWAY_DESCRIPTORS": "/x.pb", "GATEWAY_DOCS": "/x", **settings})
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stderr)

    def shown(self, address):
        """Returns the certificate that a new connection to HOST:PORT receives."""
        host, port = address.split(":")
        context = self.certificates.client("ca", "certified")
        context.set_alpn_protocols(["h2"])
        with socket.create_connection((host, int(port)), timeout=5) as plain, \
                context.wrap_socket(plain, server_hostname=host) as connection:
            return connection.getpeercert(binary_form=True)

    def der(self, name):
        return ssl.PEM_cert_to_DER_cert(self.certificates.certificate(name).read_text(encoding="ascii"))

    def serial(self, name):
        said = subprocess.run(["openssl", "x509", "-in", self.certificates.certificate(name), "-noout", "-serial"],
                              capture_output=True, text=True, check=True).stdout
        return int(said.strip().split("=")[1], 16)

    def serials_of_gateway(self):
        """Of what the gateway has loaded."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=5)
        try:
            connection.request("GET", "/certs")
            certificates = json.load(connection.getresponse())["certificates"]
        finally:
            connection.close()
        return {int(one["serial_number"], 16) for each in certificates for one in each.get("cert_chain", ())}


if __name__ == "__main__":
    unittest.main()
