"""Our rendering and Kustomize's own, in a form in which they can be compared."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from deploy.k8s.rendering import render

if TYPE_CHECKING:
    from pathlib import Path

KUBECTL = shutil.which("kubectl")


def _by_identity(manifests: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item["kind"], item["metadata"]["name"]): item for item in manifests}


def _env_by_name(manifests: list[dict[str, Any]]) -> None:
    """Order of variables differs between mergers and means nothing, since none refers to another."""
    for item in manifests:
        pod = item.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("containers", []):
            container.get("env", []).sort(key=lambda variable: variable["name"])


def kustomized(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what `kubectl kustomize` prints, but for the hash in the settings' name."""
    printed = subprocess.run(  # noqa: S603 - a program by its full path, with arguments of ours
        [str(KUBECTL), "kustomize", str(folder)], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    theirs = list(yaml.safe_load_all(re.sub(r"earshot-settings-[a-z0-9]{10}", "earshot-settings", printed)))
    _env_by_name(theirs)
    return _by_identity(theirs)


def rendered_by_identity(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    ours = render(folder)
    _env_by_name(ours)
    return _by_identity(ours)
