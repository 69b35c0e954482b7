"""Replicas follow groups and topics that exist, and never outnumber partitions."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, get_args

from prometheus_client import CollectorRegistry, Gauge

from deploy.k8s.rendering import render
from services.syncer.domain.run import Lane
from services.syncer.metrics import SyncerMetrics
from services.syncer.settings import Settings as SyncerSettings
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


def _triggers(item: dict[str, Any], kind: str) -> list[dict[str, str]]:
    return [trigger["metadata"] for trigger in item["spec"]["triggers"] if trigger["type"] == kind]


def test_lag_is_asked_of_groups_that_exist(root: Path) -> None:
    """Each trigger names a group and a topic that a service's handlers subscribe with."""
    subscriptions = _subscriptions(root)
    assert len(subscriptions) > 8
    for item in _scaled(root):
        for metadata in _triggers(item, "kafka"):
            assert (metadata["consumerGroup"], metadata["topic"]) in subscriptions
            assert metadata["consumerGroup"].split(".")[1] == item["spec"]["scaleTargetRef"]["name"]


def test_the_syncer_is_scaled_by_its_workers(root: Path) -> None:
    """A request is only noted when it is read, so lag says nothing: full lanes ask for another replica."""
    metrics = SyncerMetrics(CollectorRegistry())
    settings = SyncerSettings.model_validate({"signing_key": "k" * 40})
    workers = {"main": settings.max_concurrent_runs, "hints": settings.max_concurrent_hints}
    (syncer,) = [item for item in _scaled(root) if item["metadata"]["name"] == "syncer"]
    assert not _triggers(syncer, "kafka")
    asked = {}
    for metadata in _triggers(syncer, "prometheus"):
        found = re.fullmatch(
            r'sum\(avg_over_time\((\w+)\{lane="(\w+)",namespace="(\w+)"\}\[\dm\]\)\)', metadata["query"]
        )
        assert found is not None
        assert found[1] == _name(metrics.running)
        assert found[3] == syncer["metadata"]["namespace"]
        # Nothing scraped is no answer; as a zero it would take replicas away.
        assert metadata["ignoreNullValues"] == "false"
        asked[found[2]] = int(metadata["threshold"])
    assert asked.keys() == set(get_args(Lane)) == workers.keys()
    # Were all workers within it, a full replica would look like one that has enough.
    assert all(1 <= asked[lane] < workers[lane] for lane in asked)


def test_an_idle_syncer_says_that_it_is_idle() -> None:
    """A lane that had nothing to do yet is a zero; without it, it would look as if nothing were scraped."""
    registry = CollectorRegistry()
    SyncerMetrics(registry)
    for lane in get_args(Lane):
        assert registry.get_sample_value("earshot_syncer_slices_running", {"lane": lane}) == 0


def _name(gauge: Gauge) -> str:
    (family,) = gauge.collect()
    return family.name


def test_no_replica_would_idle(root: Path) -> None:
    """Every service is scaled, from two, to no more replicas than its topic has partitions."""
    scaled = _scaled(root)
    assert {item["spec"]["scaleTargetRef"]["name"] for item in scaled} == set(SERVICES)
    for item in scaled:
        # Runs are claimed from the store, by any replica; requests come by a topic nevertheless.
        read = [metadata["topic"] for metadata in _triggers(item, "kafka")] or ["sync.requests"]
        most = max(PARTITIONS[topic] for topic in read)
        assert 2 <= item["spec"]["minReplicaCount"] <= item["spec"]["maxReplicaCount"] <= most


def test_lag_is_asked_of_the_brokers_that_services_use(root: Path) -> None:
    """KEDA asks the same brokers: it reads no ConfigMap, so the address stands twice."""
    manifests = render(root / "deploy/k8s/overlays/production")
    settings = next(item["data"] for item in manifests if item["kind"] == "ConfigMap")
    for item in _scaled(root):
        for metadata in _triggers(item, "kafka"):
            assert metadata["bootstrapServers"] == settings["EARSHOT_KAFKA_BOOTSTRAP_SERVERS"]


def test_the_autoscaler_alone_sets_replicas(root: Path) -> None:
    """No scaled Deployment names a number: each apply would set it back."""
    for item in render(root / "deploy/k8s/overlays/production"):
        if item["kind"] == "Deployment":
            assert "replicas" not in item["spec"]
