"""A cluster would take the manifests: Kubernetes' own schemas of one version, strictly, and KEDA's."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from tests.contract.deployment.keda_definitions import DEFINITIONS

KUBERNETES = "1.37.0"

Manifest = dict[str, Any]


def _validate(manifest: Manifest) -> None:
    if manifest["apiVersion"].startswith("keda.sh/"):
        jsonschema.validate(manifest, DEFINITIONS[manifest["kind"]])
    else:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_cluster_would_take_every_manifest(manifests: list[Manifest]) -> None:
    """Each manifest fits the schema of its kind, without a field that the schema does not know."""
    assert len(manifests) > 30
    for manifest in manifests:
        _validate(manifest)


@pytest.mark.parametrize("kind", ["Deployment", "ScaledObject"])
def test_a_misspelt_field_is_noticed(manifests: list[Manifest], overlay: str, kind: str) -> None:
    """The schemas are strict: one unknown field in a manifest is refused."""
    if overlay == "demo" and kind == "ScaledObject":
        assert not [item for item in manifests if item["kind"] == kind]
        return
    wrong = copy.deepcopy(next(item for item in manifests if item["kind"] == kind))
    wrong["spec"]["replica"] = 3
    with pytest.raises(jsonschema.ValidationError, match="replica"):
        _validate(wrong)
