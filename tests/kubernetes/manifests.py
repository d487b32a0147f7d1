"""The manifests as they are applied: overlays rendered with keys and tokens of a folder of their own."""

import functools
import os
import pathlib
import subprocess
import tempfile

import yaml

from tests.kubernetes import programs
from tests.kubernetes.programs import ROOT

OVERLAYS = ("local", "production")
BUILD_DIR = pathlib.Path(os.environ.get("VIBESTACK_TEST_BUILD_DIR", ROOT / "build" / "release"))


@functools.cache
def text(overlay):
    """What deploy/kubernetes/render prints."""
    with tempfile.TemporaryDirectory() as secrets:
        environment = {**os.environ, "VIBESTACK_USER_SERVICE": str(BUILD_DIR / "user_service" / "user_service"),
                       "KUSTOMIZE": f"{programs.kustomize()} build"}
        done = subprocess.run([ROOT / "deploy" / "kubernetes" / "render", overlay, secrets], env=environment,
                              stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


@functools.cache
def objects(overlay):
    return [document for document in yaml.safe_load_all(text(overlay)) if document]


def of_kind(overlay, *kinds):
    return [document for document in objects(overlay) if document["kind"] in kinds]


def named(overlay, kind, name):
    """One by its kind and name; KeyError without it."""
    return {document["metadata"]["name"]: document for document in of_kind(overlay, kind)}[name]


def pods(overlay):
    """(name, pod template's spec) of all that make pods."""
    return [(document["metadata"]["name"], document["spec"]["template"]["spec"])
            for document in of_kind(overlay, "Deployment", "StatefulSet", "Job")]


def environment(overlay, container):
    """What a container finds in its environment, without what Secrets hold; values of its own win."""
    found = {}
    for source in container.get("envFrom", ()):
        found |= named(overlay, "ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {entry["name"]: entry.get("value", "") for entry in container.get("env", ())}
