"""What KEDA takes of what we use, as of 2.16, the oldest that we name: no package carries its definitions.

After kedacore/keda (`config/crd/bases`) and its documentation's pages on the scalers for Kafka and
Prometheus, all Apache-2.0. KEDA's own definition says of a trigger's metadata only that it is text: what a
scaler does not know it passes over, and what it knows with a wrong value stops scaling. So names and values
are held here.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Return the schema of an object that has nothing but these."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def _definition(kind: str, spec: Schema) -> Schema:
    return _object(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion={"const": "keda.sh/v1alpha1"},
        kind={"const": kind},
        metadata={"type": "object", "required": ["name"]},
        spec=spec,
    )


_TEXT = {"type": "string", "minLength": 1}
_WHOLE = {"type": "integer", "minimum": 0}
_NUMBER = {"type": "string", "pattern": "^[1-9][0-9]*$"}

SASL = {"none", "plaintext", "scram_sha256", "scram_sha512", "gssapi", "oauthbearer"}
"""Kafka's mechanisms as KEDA names them; Amazon's is a `saslTokenProvider` of the last, none of its own."""

_KAFKA_PARAMETERS = {
    *("sasl", "saslTokenProvider", "username", "password"),
    *("keytab", "realm", "kerberosConfig", "kerberosServiceName", "kerberosDisableFAST"),
    *("oauthTokenEndpointUri", "scopes", "oauthExtensions"),
    *("tls", "ca", "cert", "key", "keyPassword"),
}
"""What a TriggerAuthentication may hand the Kafka scaler."""


def _trigger(kind: str, metadata: Schema) -> Schema:
    return _object(
        ("type", "metadata"),
        type={"const": kind},
        metadata=metadata,
        authenticationRef=_object(("name",), name=_TEXT),
    )


_KAFKA = _trigger(
    "kafka",
    _object(
        ("bootstrapServers", "consumerGroup", "topic", "lagThreshold"),
        bootstrapServers=_TEXT,
        consumerGroup=_TEXT,
        topic=_TEXT,
        lagThreshold=_NUMBER,
        offsetResetPolicy={"enum": ["earliest", "latest"]},
        sasl={"enum": sorted(SASL)},
        tls={"enum": ["enable", "disable"]},
    ),
)
_PROMETHEUS = _trigger(
    "prometheus",
    _object(
        ("serverAddress", "query", "threshold"),
        serverAddress=_TEXT,
        query=_TEXT,
        threshold=_NUMBER,
        ignoreNullValues={"enum": ["true", "false"]},
    ),
)
_RULES = _object(
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    policies={
        "type": "array",
        "items": _object(
            ("type", "value", "periodSeconds"),
            type={"enum": ["Pods", "Percent"]},
            value={"type": "integer", "minimum": 1},
            periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
        ),
    },
)
_SCALED_OBJECT = _object(
    ("scaleTargetRef", "triggers"),
    scaleTargetRef=_object(("name",), name=_TEXT, kind=_TEXT),
    minReplicaCount=_WHOLE,
    maxReplicaCount=_WHOLE,
    pollingInterval=_WHOLE,
    fallback=_object(("failureThreshold", "replicas"), failureThreshold=_WHOLE, replicas=_WHOLE),
    advanced=_object(
        horizontalPodAutoscalerConfig=_object(behavior=_object(scaleDown=_RULES, scaleUp=_RULES))
    ),
    triggers={"type": "array", "minItems": 1, "items": {"oneOf": [_KAFKA, _PROMETHEUS]}},
)
_TRIGGER_AUTHENTICATION = _object(
    ("secretTargetRef",),
    secretTargetRef={
        "type": "array",
        "minItems": 1,
        "items": _object(
            ("parameter", "name", "key"),
            parameter={"enum": sorted(_KAFKA_PARAMETERS)},
            name=_TEXT,
            key=_TEXT,
        ),
    },
)

DEFINITIONS = {
    "ScaledObject": _definition("ScaledObject", _SCALED_OBJECT),
    "TriggerAuthentication": _definition("TriggerAuthentication", _TRIGGER_AUTHENTICATION),
}
"""By kind; what we do not use yet is not in them, and is to be looked up before it is added."""
