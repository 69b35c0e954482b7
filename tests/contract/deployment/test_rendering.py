"""What is checked is what Kustomize would apply."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from deploy.k8s.rendering import CannotRender, render
from tests.contract.deployment.kustomizing import KUBECTL, kustomized, rendered_by_identity

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not here; the other tests check our own rendering")
def test_our_rendering_equals_kustomize(folder: Path) -> None:
    """Every manifest comes out as `kubectl kustomize` prints it, but for the hash in the name."""
    assert rendered_by_identity(folder) == kustomized(folder)


@pytest.mark.parametrize("overlay_name", ["production", "demo"])
def test_a_copy_needs_no_names_but_its_own(overlay_name: str, root: Path, tmp_path: Path) -> None:
    """Whoever puts their names into a copied overlay is left with none of ours, and touches no base."""
    k8s = tmp_path.resolve() / "k8s"
    shutil.copytree(root / "deploy/k8s", k8s, ignore=shutil.ignore_patterns("__pycache__"))
    copied = k8s / "overlays" / overlay_name
    for file in copied.glob("*.yaml"):
        renamed = file.read_text().replace("example.com", "acme.test").replace("identity.svc", "login.svc")
        file.write_text(renamed.replace(".kafka.svc", ".bus.svc"))
    text = yaml.safe_dump_all(render(copied))
    assert "acme.test" in text
    assert {name for name in ("example.com", "identity.svc", ".kafka.svc") if name in text} == set()


def test_what_is_not_known_is_refused(tmp_path: Path) -> None:
    """A feature that the renderer lacks is an error, not a manifest without it."""
    (tmp_path / "kustomization.yaml").write_text("namePrefix: x-\n")
    with pytest.raises(CannotRender, match="namePrefix"):
        render(tmp_path)


def test_a_patch_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    """A patch whose target was renamed must not vanish."""
    (tmp_path / "kustomization.yaml").write_text("patches: [{path: gone.yaml}]\n")
    (tmp_path / "gone.yaml").write_text("{kind: Deployment, metadata: {name: gone}}\n")
    with pytest.raises(CannotRender, match="fits nothing"):
        render(tmp_path)
