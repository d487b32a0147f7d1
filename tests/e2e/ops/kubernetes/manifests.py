"""Reads the manifests as they are applied (overlays rendered with new keys and tokens) and the compose file."""

import base64
import functools
import json
import os
import pathlib
import re
import subprocess
import tempfile

import yaml

from tests.e2e.ops.kubernetes import programs
from tests.e2e.ops.kubernetes.programs import ROOT

OVERLAYS = ("local", "production")
NAMESPACE = "vibestack"
DOCKER = ROOT / "deploy" / "docker"
BUILD_DIR = pathlib.Path(os.environ.get("VIBESTACK_TEST_BUILD_DIR", ROOT / "build" / "release"))


def rendered(overlay, secrets, kustomize):
    """Returns the output of deploy/kubernetes/render with the secrets of a folder, rendered by the command `kustomize`."""
    variables = {**os.environ, "VIBESTACK_USER_SERVICE": str(BUILD_DIR / "user_service" / "user_service"), "KUSTOMIZE": kustomize}
    done = subprocess.run([ROOT / "deploy" / "kubernetes" / "render", overlay, secrets], env=variables,
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


@functools.cache
def text(overlay):
    """Returns the overlay as kustomize renders it, with new secrets."""
    with tempfile.TemporaryDirectory() as secrets:
        return rendered(overlay, secrets, f"{programs.kustomize()} build")


@functools.cache
def objects(overlay):
    return [document for document in yaml.safe_load_all(text(overlay)) if document]


def of_kind(overlay, *kinds):
    return [document for document in objects(overlay) if document["kind"] in kinds]


def named(overlay, kind, name):
    """Returns the object of this kind and name. Raises KeyError if there is none."""
    return {document["metadata"]["name"]: document for document in of_kind(overlay, kind)}[name]


def templates(overlay, *kinds):
    """Returns (name, pod template) of each workload, or of each workload of these kinds."""
    return [(document["metadata"]["name"], document["spec"]["template"])
            for document in of_kind(overlay, *(kinds or ("Deployment", "StatefulSet", "Job")))]


def pods(overlay):
    """Returns (name, pod spec) of each workload."""
    return [(name, template["spec"]) for name, template in templates(overlay)]


def environment(overlay, container):
    """Returns the environment of a container. Values from Secrets that are not ours are empty. The container's own values win."""
    found = {}
    for source in container.get("envFrom", ()):
        found |= named(overlay, "ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {entry["name"]: _value(overlay, entry) for entry in container.get("env", ())}


def _value(overlay, entry):
    if "valueFrom" not in entry:
        return entry.get("value", "")
    reference = entry["valueFrom"]["secretKeyRef"]
    ours = {secret["metadata"]["name"]: secret["data"] for secret in of_kind(overlay, "Secret")}
    return base64.b64decode(ours.get(reference["name"], {}).get(reference["key"], "")).decode()


def image_of(reference):
    """Returns `user_service` for `registry/vibestack/user_service:1`; None for an image that is not ours."""
    found = re.search(r"(?:^|/)vibestack/(\w+):", reference)
    return found and found[1]


def containers():
    """Yields (where, image, environment, container, pod) of each of our containers in the overlays."""
    for overlay in OVERLAYS:
        for name, pod in pods(overlay):
            for container in pod["containers"]:
                if image := image_of(container["image"]):
                    yield f"{overlay}: {name}", image, environment(overlay, container), container, pod


def selects(selector, labels):
    """Returns whether a label selector matches these labels. An empty selector matches everything."""
    holds = {"In": lambda value, values: value in values, "NotIn": lambda value, values: value not in values,
             "Exists": lambda value, _: value is not None, "DoesNotExist": lambda value, _: value is None}
    return (selector.get("matchLabels", {}).items() <= labels.items() and
            all(holds[wanted["operator"]](labels.get(wanted["key"]), wanted.get("values"))
                for wanted in selector.get("matchExpressions", ())))


def compose():
    """Returns the services of the compose file by name."""
    said = subprocess.run([programs.compose_spec(), "-no-interpolation", "-format", "json", DOCKER / "compose.yaml"],
                          capture_output=True, text=True, check=True).stdout
    return json.loads(said)["services"]


def stages(keyword="ENV"):
    """Returns the targets of the Dockerfile, each with its ENV, or with the words of its EXPOSE."""
    parts = re.split(r"(?m)^FROM \S+ AS (\w+)\n", (DOCKER / "Dockerfile").read_text(encoding="utf-8"))[1:]
    said = {name: " ".join(re.findall(rf"(?m)^{keyword} (.*)$", body)) for name, body in zip(parts[::2], parts[1::2])}
    return {name: dict(re.findall(r"(\w+)=(\S+)", words)) if keyword == "ENV" else words.split() for name, words in said.items()}
