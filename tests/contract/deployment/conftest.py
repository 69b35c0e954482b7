"""The overlays as the cluster would get them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.k8s.rendering import render

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


COMPONENTS: dict[str, dict[str, str]] = {
    "language-model": {
        "EARSHOT_LANGUAGE_MODEL_URL": "https://models.example.com/v1",
        "EARSHOT_LANGUAGE_MODEL_NAME": "some-model",
    },
    "kafka-tls": {},
}
"""What is left to choice, and what whoever names it sets beside it."""


@pytest.fixture(scope="session", params=["demo", "production", *COMPONENTS])
def overlay(request: pytest.FixtureRequest) -> str:
    """The two overlays, and production with each component that is left to choice."""
    name: str = request.param
    return name


def folder_of(overlay: str, temporary: Path) -> Path:
    """Return what `kubectl apply -k` is given; production with a component is written to `temporary`."""
    overlays = ROOT / "deploy" / "k8s" / "overlays"
    if overlay not in COMPONENTS:
        return overlays / overlay
    # Links in the temporary folder's own path would lead Kustomize astray.
    chosen = temporary.resolve()
    plan: dict[str, Any] = {
        "namespace": "earshot",
        "resources": [os.path.relpath(overlays / "production", chosen)],
        "components": [os.path.relpath(overlays.parent / "components" / overlay, chosen)],
    }
    if COMPONENTS[overlay]:
        literals = [f"{name}={value}" for name, value in COMPONENTS[overlay].items()]
        plan["configMapGenerator"] = [{"name": "earshot-settings", "behavior": "merge", "literals": literals}]
    (chosen / "kustomization.yaml").write_text(yaml.safe_dump(plan))
    return chosen


@pytest.fixture(scope="session")
def folder(overlay: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(overlay, tmp_path_factory.mktemp("overlay"))


@pytest.fixture(scope="session")
def manifests(folder: Path) -> list[dict[str, Any]]:
    return render(folder)
