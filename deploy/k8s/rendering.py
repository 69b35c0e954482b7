"""Renders an overlay without any binary, so that the manifests can be checked wherever Python is.

Understands the part of Kustomize that the overlays use, and refuses the rest by name: resources, namespace,
images, configMapGenerator (without the hash in the name), components, and patches, by strategic merge or JSON
Patch. A test holds it equal to `kubectl kustomize`.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import yaml

from shared.errors import EarshotError

if TYPE_CHECKING:
    from pathlib import Path

Manifest = dict[str, Any]

_KNOWN = {
    "apiVersion",
    "kind",
    "namespace",
    "resources",
    "images",
    "configMapGenerator",
    "components",
    "patches",
}
_MERGE_KEYS = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath"}
"""Lists that Kubernetes merges by a key of their items; others are replaced whole."""


class CannotRender(EarshotError):
    """An overlay uses what this renderer does not know, or is wrong; the message names it."""


def render(folder: Path) -> list[Manifest]:
    """Return the manifests that `kubectl kustomize folder` prints, in the order of the files.

    Raises:
        CannotRender: as its own sentence says.
        OSError, yaml.YAMLError: a file is missing or is no YAML.
    """
    manifests: list[Manifest] = []
    _build(folder, manifests)
    return manifests


def pod_of(manifest: Manifest) -> Manifest | None:
    """Return the pod's specification within a Deployment or Job, or None where there is none."""
    pod: Manifest | None = manifest.get("spec", {}).get("template", {}).get("spec")
    return pod


def _build(folder: Path, manifests: list[Manifest]) -> None:
    """Do what a folder says to `manifests`: none at first for an overlay, its overlay's for a component."""
    plan = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(plan) - _KNOWN:
        raise CannotRender(
            f"{folder.name}: {', '.join(sorted(unknown))} is not rendered here; teach it first"
        )
    for name in plan.get("resources", []):
        path = folder / name
        manifests += render(path.resolve()) if path.is_dir() else _documents(path)
    for generator in plan.get("configMapGenerator", []):
        _generate(manifests, generator)
    for name in plan.get("components", []):
        _build((folder / name).resolve(), manifests)
    for patch in plan.get("patches", []):
        _patch(manifests, patch, folder)
    for manifest in manifests:
        _place(manifest, plan.get("namespace"))
        _set_images(manifest, plan.get("images", []))


def _documents(path: Path) -> list[Manifest]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _generate(manifests: list[Manifest], generator: Manifest) -> None:
    data = dict(literal.split("=", 1) for literal in generator["literals"])
    name = generator["name"]
    held = [item for item in manifests if item["kind"] == "ConfigMap" and item["metadata"]["name"] == name]
    if generator.get("behavior", "create") == "merge":
        if not held:
            raise CannotRender(f"there is no ConfigMap {name} to merge into")
        held[0]["data"] |= data
    else:
        manifests.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


def _patch(manifests: list[Manifest], patch: Manifest, folder: Path) -> None:
    if "target" in patch:
        target = patch["target"]
        operations = yaml.safe_load(patch["patch"])
        chosen = [
            manifest
            for manifest in manifests
            if manifest["kind"] == target["kind"]
            and re.fullmatch(target["name"], manifest["metadata"]["name"])
        ]
        for manifest in chosen:
            for operation in operations:
                _apply(manifest, operation)
    else:
        wanted = yaml.safe_load((folder / patch["path"]).read_text())
        identity = (wanted["kind"], wanted["metadata"]["name"])
        chosen = [item for item in manifests if (item["kind"], item["metadata"]["name"]) == identity]
        for manifest in chosen:
            merged = _merged(manifest, wanted)
            manifest.clear()
            manifest.update(merged)
    if not chosen:
        raise CannotRender(f"a patch of {folder.name} fits nothing: {patch}")


def _apply(manifest: Manifest, operation: Manifest) -> None:
    if operation["op"] not in {"add", "replace"}:
        raise CannotRender(f"JSON Patch's {operation['op']!r} is not rendered here yet")
    *way, last = operation["path"].strip("/").split("/")
    place: Any = manifest
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    value = copy.deepcopy(operation["value"])
    if last == "-":
        place.append(value)
    elif isinstance(place, list):
        raise CannotRender(
            f"JSON Patch at a place within a list ({operation['path']}) is not rendered here yet"
        )
    else:
        place[last] = value


def _merged(held: Any, wanted: Any, name: str = "") -> Any:
    if isinstance(held, dict) and isinstance(wanted, dict):
        result = {key: value for key, value in held.items() if wanted.get(key, ...) is not None}
        for key, value in wanted.items():
            if value is not None:
                result[key] = _merged(held.get(key), value, key)
        return result
    if isinstance(held, list) and (key := _MERGE_KEYS.get(name)):
        by_key = {item[key]: item for item in held}
        for item in wanted:
            by_key[item[key]] = _merged(by_key.get(item[key]), item)
        return list(by_key.values())
    return copy.deepcopy(wanted)


def _place(manifest: Manifest, namespace: str | None) -> None:
    if namespace is not None and manifest["kind"] != "Namespace":
        manifest["metadata"]["namespace"] = namespace


def _set_images(manifest: Manifest, images: list[Manifest]) -> None:
    for container in (pod_of(manifest) or {}).get("containers", []):
        for image in images:
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"
