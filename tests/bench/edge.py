"""Starts the gateway for the benchmark: Envoy with the configuration that deploy/gateway renders, in front of the services."""

import os
import subprocess

from services import ROOT, Failure, Process, check_output, free_port

VENV = ROOT / ".local" / "venv"


class Gateway(Process):
    def __init__(self, build_dir, services, directory):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        config = directory / "gateway.yaml"
        config.write_text(check_output([ROOT / "deploy" / "gateway" / "render"], env={
            **os.environ, "GATEWAY_DESCRIPTORS": str(build_dir / "proto" / "vibestack.pb"),
            "GATEWAY_DOCS": str(build_dir / "gateway" / "docs"), "GATEWAY_PORT": str(port),
            "GATEWAY_ADMIN_PORT": str(free_port()), "GATEWAY_USER_SERVICE": services.user.address,
            "GATEWAY_JOB_SERVICE": services.job.address}), encoding="utf-8")
        envoy = next(VENV.glob("lib/python3*/site-packages/envoy/_bin/envoy"))
        super().__init__("gateway", [envoy, "--config-path", config, "--disable-hot-restart", "--log-level", "warning"], directory)

    def start(self):
        """Starts it and waits until it serves."""
        self.spawn()
        probe = [VENV / "bin" / "python", ROOT / "deploy" / "local" / "probe", "answers",
                 f"http://{self.address}/.well-known/jwks.json", "--pid", str(self._process.pid), "--seconds", "60"]
        if subprocess.run(probe, check=False).returncode != 0:
            raise Failure(f"the gateway does not start: {self.log_tail()}")
