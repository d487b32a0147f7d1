"""Certificates for tests, and a PostgreSQL that presents one."""

import os
import pathlib
import shutil
import ssl
import subprocess

from tests.support.waiting import eventually

MAKER = pathlib.Path(__file__).with_name("certificates")


class Certificates:
    """Authorities and certificates in a directory, each NAME.pem with NAME.key. Making one again replaces it."""

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
        """Returns the context of a client that trusts the authority and presents the certificate of the name."""
        context = ssl.create_default_context(cafile=self.certificate(authority))
        if name is not None:
            context.load_cert_chain(self.certificate(name), self.key(name))
        return context


def show_postgres(query, certificates, name):
    """Makes a PostgreSQL server present the certificate `name` to new connections. `query(sql)` runs SQL as its superuser."""
    _give_postgres(query, {"server.crt": certificates.certificate(name), "server.key": certificates.key(name)})
    _reload_postgres(query)


def serve_postgres(query, certificates, name, authority, client):
    """Makes the server of `query(sql)`, a superuser's, do TLS: it shows `name`, believes `authority` of its clients, and lets
    the role `client` in by a certificate of that common name alone."""
    data = _give_postgres(query, {"root.crt": certificates.certificate(authority)})
    rules = data / "pg_hba.conf"
    rules.write_text(f"hostssl all {client} 127.0.0.1/32 cert\n" + rules.read_text(encoding="utf-8"), encoding="utf-8")
    query(f"CREATE ROLE {client} LOGIN SUPERUSER")
    query("ALTER SYSTEM SET ssl_ca_file = 'root.crt'")
    query("ALTER SYSTEM SET ssl = on")
    show_postgres(query, certificates, name)


def _give_postgres(query, files):
    """Copies each file into the server's directory, owned by the server's user; returns the directory."""
    data = pathlib.Path(query("SHOW data_directory")[0])
    owner = data.stat()
    for target, source in files.items():
        shutil.copyfile(source, data / target)
        (data / target).chmod(0o600)
        os.chown(data / target, owner.st_uid, owner.st_gid)
    return data


def _reload_postgres(query):
    """Waits until the server has read its files again."""
    loaded = query("SELECT extract(epoch FROM pg_conf_load_time())")
    query("SELECT pg_reload_conf()")
    if not eventually(lambda: query("SELECT extract(epoch FROM pg_conf_load_time())") != loaded):
        raise AssertionError("PostgreSQL does not read its files anew")
