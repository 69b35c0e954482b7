"""Nothing runs with more than it needs, and nothing reaches what it should not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deploy.k8s.rendering import pod_of
from shared.contracts.topics import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

Manifest = dict[str, Any]


def _pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for manifest in manifests:
        pod = pod_of(manifest)
        if pod is not None:
            yield manifest["metadata"]["name"], pod


def _policies(manifests: list[Manifest], pod: str, direction: str) -> dict[str, Manifest]:
    """Return the network policies that select the pods of this name and open something in this direction."""
    labels = {"app.kubernetes.io/name": pod, "app.kubernetes.io/part-of": "earshot"}
    return {
        item["metadata"]["name"]: item["spec"]
        for item in manifests
        if item["kind"] == "NetworkPolicy"
        and item["spec"].get(direction)
        and _selects(item["spec"]["podSelector"], labels)
    }


def _selects(selector: Manifest, labels: dict[str, str]) -> bool:
    equal = selector.get("matchLabels", {}).items() <= labels.items()
    return equal and all(
        rule["operator"] == "In" and labels.get(rule["key"]) in rule["values"]
        for rule in selector.get("matchExpressions", [])
    )


def test_pods_are_locked_down(manifests: list[Manifest]) -> None:
    """Not root, no token, no privilege, no writing to the root, no capability, default seccomp profile."""
    pods = list(_pods(manifests))
    assert {name for name, _ in pods} >= {*SERVICES, "topics"}
    for name, pod in pods:
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 10_000, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert "privileged" not in context, name


def test_images_are_pinned_and_bounded(manifests: list[Manifest]) -> None:
    """Every image has a version other than `latest`; every container is held to CPU and memory."""
    for name, pod in _pods(manifests):
        for container in pod["containers"]:
            image, _, tag = container["image"].rpartition(":")
            assert image, f"{name} has no tag"
            assert tag not in {"", "latest"}, name
            for kind in ("requests", "limits"):
                assert {"cpu", "memory"} <= container["resources"][kind].keys(), name


@pytest.mark.parametrize("service", SERVICES)
def test_live_is_not_ready(manifests: list[Manifest], service: str) -> None:
    """A lost database unreadies a pod and never restarts it; SIGKILL comes after the grace period."""
    pod = dict(_pods(manifests))[service]
    container = pod["containers"][0]
    assert container["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    # Who answers people and Intercom goes on while Kafka is away; the syncer answers neither.
    answers = "/health/ready" if service == "syncer" else "/health/serving"
    assert container["readinessProbe"]["httpGet"]["path"] == answers
    settings = next(item["data"] for item in manifests if item["kind"] == "ConfigMap")
    grace = float(settings["EARSHOT_SHUTDOWN_GRACE_SECONDS"])
    # Five seconds of pause before SIGTERM, and ten to close connections after the work.
    assert pod["terminationGracePeriodSeconds"] >= grace + 5 + 10


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_survives_a_node(manifests: list[Manifest], service: str) -> None:
    """Replicas are spread over nodes and zones, and a drain takes one at a time."""
    pod = dict(_pods(manifests))[service]
    spread = {rule["topologyKey"] for rule in pod["topologySpreadConstraints"]}
    assert spread == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    budget = next(
        item["spec"]
        for item in manifests
        if item["kind"] == "PodDisruptionBudget" and item["metadata"]["name"] == service
    )
    assert budget["maxUnavailable"] == 1


def test_the_network_is_shut_by_default(manifests: list[Manifest]) -> None:
    """One policy selects every pod, names both directions and opens nothing."""
    shut = [
        item
        for item in manifests
        if item["kind"] == "NetworkPolicy"
        and item["spec"]["podSelector"] == {}
        and item["spec"]["policyTypes"] == ["Ingress", "Egress"]
        and not {"ingress", "egress"} & item["spec"].keys()
    ]
    assert len(shut) == 1


def test_only_three_leave_the_cluster(manifests: list[Manifest], overlay: str) -> None:
    """Connector and syncer reach the internet on 443 only, the notifier its receivers; nobody else leaves.

    The detector does where a language model was chosen, on 443 too.
    """
    leaving: dict[str, set[int]] = {}
    for name, _pod in _pods(manifests):
        for policy in _policies(manifests, name, "egress").values():
            for rule in policy["egress"]:
                if any("ipBlock" in peer for peer in rule["to"]):
                    leaving.setdefault(name, set()).update(port["port"] for port in rule["ports"])
    asking = {"detector": {443}} if overlay == "language-model" else {}
    assert leaving == {"connector": {443}, "syncer": {443}, "notifier": {443, 465, 587}} | asking


def test_only_the_syncer_reaches_credentials(manifests: list[Manifest], overlay: str) -> None:
    """Of our pods, the syncer alone may call the connector (in the demo, the workspace sends it webhooks)."""
    callers = {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for policy in _policies(manifests, "connector", "ingress").values()
        for rule in policy["ingress"]
        for peer in rule["from"]
        if "podSelector" in peer
    }
    assert callers == ({"syncer", "simulator"} if overlay == "demo" else {"syncer"})


def test_the_namespace_refuses_what_is_not_locked_down(manifests: list[Manifest]) -> None:
    """Pod Security Admission enforces the restricted profile, of the version that is checked here."""
    namespace = next(item for item in manifests if item["kind"] == "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {item["metadata"].get("namespace") for item in manifests if item is not namespace} == {
        namespace["metadata"]["name"]
    }
