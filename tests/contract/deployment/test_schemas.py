"""A cluster would take the manifests: Kubernetes' own schemas of one version, strictly, and KEDA's."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import kubernetes_validate  # type: ignore[import-untyped]
import pytest

KUBERNETES = "1.37.0"

_WHOLE = {"type": "integer", "minimum": 0}
_NUMBER = {"type": "string", "pattern": "^[1-9][0-9]*$"}


def _trigger(kind: str, required: tuple[str, ...], properties: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["type", "metadata"],
        "properties": {"type": {"const": kind}, "metadata": metadata},
    }


_RULES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "stabilizationWindowSeconds": {"type": "integer", "minimum": 0, "maximum": 3600},
        "policies": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["type", "value", "periodSeconds"],
                "properties": {
                    "type": {"enum": ["Pods", "Percent"]},
                    "value": {"type": "integer", "minimum": 1},
                    "periodSeconds": {"type": "integer", "minimum": 1, "maximum": 1800},
                },
            },
        },
    },
}
SCALED_OBJECT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "keda.sh/v1alpha1"},
        "kind": {"const": "ScaledObject"},
        "metadata": {"type": "object", "required": ["name"]},
        "spec": {
            "type": "object",
            "additionalProperties": False,
            "required": ["scaleTargetRef", "triggers"],
            "properties": {
                "scaleTargetRef": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "kind": {"type": "string"}},
                },
                "minReplicaCount": _WHOLE,
                "maxReplicaCount": _WHOLE,
                "pollingInterval": _WHOLE,
                "fallback": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["failureThreshold", "replicas"],
                    "properties": {"failureThreshold": _WHOLE, "replicas": _WHOLE},
                },
                "advanced": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "horizontalPodAutoscalerConfig": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {
                                "behavior": {
                                    "type": "object",
                                    "additionalProperties": False,
                                    "properties": {"scaleDown": _RULES, "scaleUp": _RULES},
                                }
                            },
                        }
                    },
                },
                "triggers": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "oneOf": [
                            _trigger(
                                "kafka",
                                ("bootstrapServers", "consumerGroup", "topic", "lagThreshold"),
                                {
                                    "bootstrapServers": {"type": "string"},
                                    "consumerGroup": {"type": "string"},
                                    "topic": {"type": "string"},
                                    "lagThreshold": _NUMBER,
                                    "offsetResetPolicy": {"enum": ["earliest", "latest"]},
                                },
                            ),
                            _trigger(
                                "prometheus",
                                ("serverAddress", "query", "threshold"),
                                {
                                    "serverAddress": {"type": "string"},
                                    "query": {"type": "string"},
                                    "threshold": _NUMBER,
                                    "ignoreNullValues": {"enum": ["true", "false"]},
                                },
                            ),
                        ]
                    },
                },
            },
        },
    },
}
"""What we use of KEDA's ScaledObject, after its published definition (kedacore/keda, Apache-2.0)."""


def _validate(manifest: dict[str, Any]) -> None:
    if manifest["apiVersion"].startswith("keda.sh/"):
        jsonschema.validate(manifest, SCALED_OBJECT)
    else:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_cluster_would_take_every_manifest(manifests: list[dict[str, Any]]) -> None:
    """Each manifest fits the schema of its kind, without a field that the schema does not know."""
    assert len(manifests) > 30
    for manifest in manifests:
        _validate(manifest)


@pytest.mark.parametrize("kind", ["Deployment", "ScaledObject"])
def test_a_misspelt_field_is_noticed(manifests: list[dict[str, Any]], overlay: str, kind: str) -> None:
    """The schemas are strict: one unknown field in a manifest is refused."""
    if overlay == "demo" and kind == "ScaledObject":
        assert not [item for item in manifests if item["kind"] == kind]
        return
    wrong = copy.deepcopy(next(item for item in manifests if item["kind"] == kind))
    wrong["spec"]["replica"] = 3
    with pytest.raises(jsonschema.ValidationError, match="replica"):
        _validate(wrong)
