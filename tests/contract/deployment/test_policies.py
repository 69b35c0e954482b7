"""Nothing runs with more than it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deploy.k8s.rendering import pod_of
from shared.contracts.topics import SERVICES
from tests.contract.deployment.test_network import labels_of, selects

if TYPE_CHECKING:
    from collections.abc import Iterator

Manifest = dict[str, Any]


def _pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for manifest in manifests:
        pod = pod_of(manifest)
        if pod is not None:
            yield manifest["metadata"]["name"], pod


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
    # A pod that is not ready, as while MongoDB is away, must not keep a node from being drained.
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_selectors_find_the_pods_that_are_made(manifests: list[Manifest]) -> None:
    """Service, disruption budget and spread of a part select its own pods by their labels, and no other's."""
    labels = labels_of(manifests)
    selectors = []
    for item in manifests:
        name, spec = item["metadata"]["name"], item.get("spec", {})
        if item["kind"] == "Service":
            selectors.append((name, {"matchLabels": spec["selector"]}))
        elif item["kind"] == "PodDisruptionBudget":
            selectors.append((name, spec["selector"]))
        elif item["kind"] == "Deployment":
            spread = spec["template"]["spec"].get("topologySpreadConstraints", [])
            selectors += [(name, spec["selector"]), *((name, rule["labelSelector"]) for rule in spread)]
    assert len(selectors) >= len(SERVICES) * 5
    for name, selector in selectors:
        assert {one for one in labels if selects(selector, labels[one])} == {name}


def test_each_part_has_an_account_of_its_own_without_a_token(manifests: list[Manifest]) -> None:
    """A token that is never handed out cannot be taken; an account of its own can be given rights alone."""
    accounts = {item["metadata"]["name"]: item for item in manifests if item["kind"] == "ServiceAccount"}
    assert {name: pod["serviceAccountName"] for name, pod in _pods(manifests)} == {
        name: name for name in accounts
    }
    assert all(account["automountServiceAccountToken"] is False for account in accounts.values())


def test_each_part_is_handed_its_own_secrets(manifests: list[Manifest], overlay: str) -> None:
    """Nobody but the connector can read Intercom's credentials, nor anybody another's database."""
    everybody = {"earshot-signing", "earshot-kafka", "earshot-kafka-ca"}
    others = {
        "topics": {"earshot-kafka", "earshot-kafka-ca"},
        # The workspace that is connected to knows the application that connects.
        "simulator": {"earshot-connector"},
        "detector": everybody | {"earshot-detector", "earshot-language-model"},
    }
    for name, pod in _pods(manifests):
        variables = [one for container in pod["containers"] for one in container.get("env", [])]
        named = {
            one["valueFrom"]["secretKeyRef"]["name"]
            for one in variables
            if "secretKeyRef" in one.get("valueFrom", {})
        }
        mounted = {one["secret"]["secretName"] for one in pod.get("volumes", []) if "secret" in one}
        assert named | mounted <= others.get(name, everybody | {f"earshot-{name}"}), (overlay, name)
        assert all(
            source.keys() == {"configMapRef"} for c in pod["containers"] for source in c.get("envFrom", [])
        )


def test_the_namespace_refuses_what_is_not_locked_down(manifests: list[Manifest]) -> None:
    """Pod Security Admission enforces the restricted profile, of the version that is checked here."""
    namespace = next(item for item in manifests if item["kind"] == "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {item["metadata"].get("namespace") for item in manifests if item is not namespace} == {
        namespace["metadata"]["name"]
    }
