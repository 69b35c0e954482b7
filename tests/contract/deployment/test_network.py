"""Nothing reaches what it should not, and each part reaches what its settings name.

Pods are found by the labels that they are made with, as the cluster finds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deploy.k8s.rendering import pod_of
from shared.contracts.topics import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

Manifest = dict[str, Any]
Port = tuple[str, int]
"""TCP or UDP, and the number."""


def labels_of(manifests: list[Manifest]) -> dict[str, dict[str, str]]:
    """Return the labels of the pods that each Deployment or Job makes."""
    return {
        item["metadata"]["name"]: item["spec"]["template"]["metadata"]["labels"]
        for item in manifests
        if pod_of(item) is not None
    }


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    equal = selector.get("matchLabels", {}).items() <= labels.items()
    return equal and all(
        rule["operator"] == "In" and labels.get(rule["key"]) in rule["values"]
        for rule in selector.get("matchExpressions", [])
    )


def _policies(manifests: list[Manifest], pod: str, direction: str) -> Iterator[Manifest]:
    """Yield the policies that select this pod and open something in this direction."""
    labels = labels_of(manifests)[pod]
    for item in manifests:
        if item["kind"] == "NetworkPolicy" and item["spec"].get(direction):
            assert direction.title() in item["spec"]["policyTypes"], item["metadata"]["name"]
            if selects(item["spec"]["podSelector"], labels):
                yield item["spec"]


def _ports(manifests: list[Manifest], rule: Manifest, pod: str) -> set[Port]:
    """Return the ports of a rule; a name stands for the port that this pod calls so."""
    pods = {item["metadata"]["name"]: pod_of(item) for item in manifests if pod_of(item)}
    listed = (pods.get(pod) or {"containers": [{}]})["containers"][0].get("ports", [])
    named = {port["name"]: port["containerPort"] for port in listed}
    return {(port["protocol"], named.get(port["port"], port["port"])) for port in rule["ports"]}


def _namespaces(manifests: list[Manifest], pod: str, direction: str) -> dict[str, set[Port]]:
    """Return the ports that are open towards, or from, each namespace that a rule names."""
    found: dict[str, set[Port]] = {}
    for policy in _policies(manifests, pod, direction):
        for rule in policy[direction]:
            for peer in rule["to" if direction == "egress" else "from"]:
                if "namespaceSelector" in peer:
                    assert "podSelector" not in peer
                    name = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
                    found.setdefault(name, set()).update(_ports(manifests, rule, pod))
    return found


def _calls(manifests: list[Manifest], caller: str, called: str) -> set[Port]:
    """Return the ports of one of our pods that another may call: what both ends let through."""
    labels, found = labels_of(manifests), []
    for direction, pod, other in (("egress", caller, called), ("ingress", called, caller)):
        found.append(
            {
                port
                for policy in _policies(manifests, pod, direction)
                for rule in policy[direction]
                for peer in rule["to" if direction == "egress" else "from"]
                if "podSelector" in peer and selects(peer["podSelector"], labels[other])
                for port in _ports(manifests, rule, called)
            }
        )
    return found[0] & found[1]


def _settings(manifests: list[Manifest]) -> dict[str, str]:
    found: dict[str, str] = next(item["data"] for item in manifests if item["kind"] == "ConfigMap")
    return found


def _given(manifests: list[Manifest], variable: str) -> set[str]:
    """Return whose container has this variable of its own."""
    return {
        item["metadata"]["name"]
        for item in manifests
        for container in (pod_of(item) or {}).get("containers", [])
        if any(one["name"] == variable for one in container.get("env", []))
    }


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
    for name in labels_of(manifests):
        for policy in _policies(manifests, name, "egress"):
            for rule in policy["egress"]:
                if any("ipBlock" in peer for peer in rule["to"]):
                    leaving.setdefault(name, set()).update(port["port"] for port in rule["ports"])
    asking = {"detector": {443}} if overlay == "language-model" else {}
    assert leaving == {"connector": {443}, "syncer": {443}, "notifier": {443, 465, 587}} | asking


def test_who_leaves_reaches_no_private_address(manifests: list[Manifest]) -> None:
    """What opens the internet leaves out the networks that a cluster and its neighbours live in."""
    private = {
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
    }
    blocks = [
        peer["ipBlock"]
        for item in manifests
        if item["kind"] == "NetworkPolicy"
        for rule in item["spec"].get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    assert blocks
    assert all(block["cidr"] == "0.0.0.0/0" and private <= set(block["except"]) for block in blocks)


def test_only_the_syncer_reaches_credentials(manifests: list[Manifest], overlay: str) -> None:
    """Of our pods, the syncer alone may call the connector (in the demo, the workspace sends it webhooks)."""
    callers = {name for name in labels_of(manifests) if _calls(manifests, name, "connector")}
    assert callers == ({"syncer", "simulator"} if overlay == "demo" else {"syncer"})


def test_the_syncer_reaches_the_connector_where_its_setting_says(manifests: list[Manifest]) -> None:
    """Both ends let the call for a credential through, at the port of the address."""
    syncer = next(item for item in manifests if item["metadata"]["name"] == "syncer" and pod_of(item))
    own = {one["name"]: one.get("value") for one in (pod_of(syncer) or {})["containers"][0]["env"]}
    address = urlsplit(own["EARSHOT_CONNECTOR_URL"])
    assert address.hostname is not None
    assert ("TCP", address.port) in _calls(manifests, "syncer", address.hostname)


def test_everybody_finds_names(manifests: list[Manifest]) -> None:
    """DNS by UDP, and by TCP for what is too long for it, for the job and the workspace as well."""
    pods = labels_of(manifests)
    assert pods.keys() >= {*SERVICES, "topics"}
    for name in pods:
        open_ports = _namespaces(manifests, name, "egress")
        assert open_ports["kube-system"] == {("UDP", 53), ("TCP", 53)}, name


def test_everybody_reaches_the_engines_of_the_settings(manifests: list[Manifest]) -> None:
    """Who is given a user of Kafka or an address of MongoDB may go there, and nobody else."""
    host, port = _settings(manifests)["EARSHOT_KAFKA_BOOTSTRAP_SERVERS"].split(":")
    bus = (host.split(".")[1], ("TCP", int(port)))
    wanted = {bus: {*SERVICES, "topics"}, ("mongodb", ("TCP", 27017)): set(SERVICES)}
    assert _given(manifests, "EARSHOT_KAFKA_PASSWORD") == {*SERVICES, "topics"}
    assert _given(manifests, "EARSHOT_MONGODB_URI") == set(SERVICES)
    for (namespace, port_), who in wanted.items():
        assert {
            name
            for name in labels_of(manifests)
            if port_ in _namespaces(manifests, name, "egress").get(namespace, set())
        } == who, namespace


def test_services_reach_the_keys_of_the_identity_provider(manifests: list[Manifest]) -> None:
    """Each checks tokens itself, with keys from the address of the settings."""
    keys = urlsplit(_settings(manifests)["EARSHOT_OIDC_JWKS_URL"])
    assert keys.hostname is not None
    namespace = keys.hostname.split(".")[1]
    for service in SERVICES:
        assert ("TCP", keys.port) in _namespaces(manifests, service, "egress")[namespace], service


def test_mail_leaves_by_the_port_of_the_settings(manifests: list[Manifest], overlay: str) -> None:
    """The notifier reaches the mail server of production; the demo's is the workspace."""
    if overlay == "demo":
        assert ("TCP", 8711) in _calls(manifests, "notifier", "simulator")
        return
    port = int(_settings(manifests)["EARSHOT_SMTP_PORT"])
    assert any(
        {"protocol": "TCP", "port": port} in rule["ports"] and any("ipBlock" in peer for peer in rule["to"])
        for policy in _policies(manifests, "notifier", "egress")
        for rule in policy["egress"]
    )


def test_the_ingress_controller_reaches_who_answers(manifests: list[Manifest]) -> None:
    """Each Service that an Ingress names lets the controller in; Prometheus reaches the four services."""
    ports = {
        item["metadata"]["name"]: {port["name"]: port["port"] for port in item["spec"]["ports"]}
        for item in manifests
        if item["kind"] == "Service"
    }
    answering = {
        (path["backend"]["service"]["name"], path["backend"]["service"]["port"]["name"])
        for item in manifests
        if item["kind"] == "Ingress"
        for rule in item["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert {name for name, _ in answering} >= set(SERVICES)
    for name, port in answering:
        assert ("TCP", ports[name][port]) in _namespaces(manifests, name, "ingress")["ingress"], name
    for service in SERVICES:
        watched = _namespaces(manifests, service, "ingress")["monitoring"]
        assert ("TCP", ports[service]["http"]) in watched, service
