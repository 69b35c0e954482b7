"""Replicas follow groups and topics that exist, and never outnumber partitions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from deploy.k8s.rendering import render
from shared.contracts import topics
from shared.contracts.topics import ALL_TOPICS, SERVICES

if TYPE_CHECKING:
    from pathlib import Path

PARTITIONS = {topic.name: topic.partitions for topic in ALL_TOPICS}


def _subscriptions(root: Path) -> set[tuple[str, str]]:
    """Return each consumer group with each topic that it reads, from the handlers' own code."""
    found = set()
    for service in SERVICES:
        for path in (root / "services" / service).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr == "subscribe"
                    and call.args
                    and isinstance(call.args[0], ast.List)
                ):
                    names = {
                        word.arg: word.value.value
                        for word in call.keywords
                        if isinstance(word.value, ast.Constant) and isinstance(word.value.value, str)
                    }
                    group = f"earshot.{service}.{names.get('name', 'main')}"
                    found |= {
                        (group, getattr(topics, item.id).name)
                        for item in call.args[0].elts
                        if isinstance(item, ast.Name)
                    }
    return found


def _scaled(root: Path) -> list[dict[str, Any]]:
    manifests = render(root / "deploy/k8s/overlays/production")
    return [item for item in manifests if item["kind"] == "ScaledObject"]


def test_lag_is_asked_of_groups_that_exist(root: Path) -> None:
    """Each trigger names a group and a topic that a service's handlers subscribe with."""
    subscriptions = _subscriptions(root)
    assert len(subscriptions) > 8
    for item in _scaled(root):
        for trigger in item["spec"]["triggers"]:
            metadata = trigger["metadata"]
            assert (metadata["consumerGroup"], metadata["topic"]) in subscriptions
            assert metadata["consumerGroup"].split(".")[1] == item["spec"]["scaleTargetRef"]["name"]


def test_no_replica_would_idle(root: Path) -> None:
    """Every service is scaled, from two, to no more replicas than its topic has partitions."""
    scaled = _scaled(root)
    assert {item["spec"]["scaleTargetRef"]["name"] for item in scaled} == set(SERVICES)
    for item in scaled:
        most = max(PARTITIONS[trigger["metadata"]["topic"]] for trigger in item["spec"]["triggers"])
        assert 2 <= item["spec"]["minReplicaCount"] <= item["spec"]["maxReplicaCount"] <= most


def test_lag_is_asked_of_the_brokers_that_services_use(root: Path) -> None:
    """KEDA asks the same brokers: it reads no ConfigMap, so the address stands twice."""
    manifests = render(root / "deploy/k8s/overlays/production")
    settings = next(item["data"] for item in manifests if item["kind"] == "ConfigMap")
    for item in _scaled(root):
        for trigger in item["spec"]["triggers"]:
            assert trigger["metadata"]["bootstrapServers"] == settings["EARSHOT_KAFKA_BOOTSTRAP_SERVERS"]


def test_the_autoscaler_alone_sets_replicas(root: Path) -> None:
    """No scaled Deployment names a number: each apply would set it back."""
    for item in render(root / "deploy/k8s/overlays/production"):
        if item["kind"] == "Deployment":
            assert "replicas" not in item["spec"]
