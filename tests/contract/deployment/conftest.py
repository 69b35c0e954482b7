"""The overlays as the cluster would get them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.k8s.rendering import render

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session", params=["demo", "production"])
def overlay(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def manifests(overlay: str) -> list[dict[str, Any]]:
    return render(ROOT / "deploy" / "k8s" / "overlays" / overlay)
