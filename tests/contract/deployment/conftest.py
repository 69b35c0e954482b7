"""The overlays as the cluster would get them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from deploy.k8s.rendering import render

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session", params=["demo", "production", "language-model"])
def overlay(request: pytest.FixtureRequest) -> str:
    """The two overlays, and production with the one component that is left to choice."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def folder(overlay: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `kubectl apply -k` is given."""
    overlays = ROOT / "deploy" / "k8s" / "overlays"
    if overlay != "language-model":
        return overlays / overlay
    # Links in the temporary folder's own path would lead Kustomize astray.
    chosen = tmp_path_factory.mktemp("overlay").resolve()
    (chosen / "kustomization.yaml").write_text(
        f"""
namespace: earshot
resources: [{os.path.relpath(overlays / "production", chosen)}]
components: [{os.path.relpath(overlays.parent / "components" / "language-model", chosen)}]
configMapGenerator:
  - name: earshot-settings
    behavior: merge
    literals:
      - EARSHOT_LANGUAGE_MODEL_URL=https://models.example.com/v1
      - EARSHOT_LANGUAGE_MODEL_NAME=some-model
"""
    )
    return chosen


@pytest.fixture(scope="session")
def manifests(folder: Path) -> list[dict[str, Any]]:
    return render(folder)
