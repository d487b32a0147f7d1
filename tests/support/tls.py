"""Certificates for tests, and a PostgreSQL that shows one."""

import os
import pathlib
import shutil
import ssl
import subprocess

MAKER = pathlib.Path(__file__).with_name("certificates")


class Certificates:
    """Authorities and certificates in a directory, each NAME.pem with its NAME.key; made again they are replaced."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()

    def authority(self, name):
        subprocess.run([MAKER, self.directory, "authority", name], check=True)

    def issue(self, authority, name, *hosts, expired=False):
        flags = [f"--host={host}" for host in hosts] + (["--expired"] if expired else [])
        subprocess.run([MAKER, self.directory, "issue", authority, name, *flags], check=True)

    def certificate(self, name):
        return self.directory / f"{name}.pem"

    def key(self, name):
        return self.directory / f"{name}.key"

    def client(self, authority, name=None):
        """The context of a client that believes the authority, and shows the certificate of the name."""
        context = ssl.create_default_context(cafile=self.certificate(authority))
        if name is not None:
            context.load_cert_chain(self.certificate(name), self.key(name))
        return context


def serve_postgres(query, certificates, name, authority, client):
    """Makes the server of `query(sql)`, a superuser's, do TLS: it shows `name`, believes `authority` of its clients, and lets
    the role `client` in by a certificate of that common name alone."""
    data = pathlib.Path(query("SHOW data_directory")[0])
    owner = data.stat()
    for source, target in ((certificates.certificate(name), "server.crt"), (certificates.key(name), "server.key"),
                           (certificates.certificate(authority), "root.crt")):
        shutil.copyfile(source, data / target)
        (data / target).chmod(0o600)
        os.chown(data / target, owner.st_uid, owner.st_gid)
    rules = data / "pg_hba.conf"
    rules.write_text(f"hostssl all {client} 127.0.0.1/32 cert\n" + rules.read_text(encoding="utf-8"), encoding="utf-8")
    query(f"CREATE ROLE {client} LOGIN SUPERUSER")
    query("ALTER SYSTEM SET ssl_ca_file = 'root.crt'")
    query("ALTER SYSTEM SET ssl = on")
    query("SELECT pg_reload_conf()")
