"""An alert or a picture that asks for a number which nobody shows is silent for ever."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from prometheus_client import CollectorRegistry

from services.connector.metrics import Metrics as ConnectorMetrics
from services.detector.metrics import Metrics as DetectorMetrics
from services.notifier.metrics import Metrics as NotifierMetrics
from services.syncer.metrics import SyncerMetrics
from shared.messaging.state import ReportedStates
from shared.observability.metrics import AnswerTimes, show_parts_and_process
from shared.observability.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES, DASHBOARD = "deploy/monitoring/rules.yaml", "deploy/monitoring/dashboard.json"
OPERATOR = "deploy/k8s/examples/alerts.yaml"
_SERIES = re.compile(r"\b((?:earshot|process)_\w+)(?:\{([^}]*)\})?")
_LABEL = re.compile(r'(\w+)(=~?)"([^"]*)"')
_GROUPED = re.compile(r"by \(([^)]*)\)")
_OF_SCRAPING = {"le", "instance", "namespace"}
"""Labels that Prometheus gives by itself, or that a histogram has."""

_BASE_UNITS = ("_seconds", "_bytes", "_ratio")
_OTHER_UNITS = re.compile(r"_(ms|millis|milliseconds|minutes|hours|days|mb|kb|percent)(_|$)")


def _document(root: Path, path: str) -> Any:
    return yaml.safe_load((root / path).read_text("utf-8"))


def _rules(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rule for group in groups for rule in group["rules"]]


def _panels(root: Path) -> list[dict[str, Any]]:
    dashboard = json.loads((root / DASHBOARD).read_text("utf-8"))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def _questions(root: Path) -> Iterator[tuple[str, str]]:
    """Yield who asks, and what, of the rules in both forms and of the dashboard."""
    for rule in (
        *_rules(_document(root, RULES)["groups"]),
        *_rules(_document(root, OPERATOR)["spec"]["groups"]),
    ):
        yield rule["alert"], rule["expr"]
    for panel in _panels(root):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def _registry() -> CollectorRegistry:
    """Return what idle services show, all on one registry."""
    registry = CollectorRegistry()
    ConnectorMetrics(registry)
    DetectorMetrics(registry).name_works(["measuring"])
    NotifierMetrics(registry)
    SyncerMetrics(registry)
    readiness = Readiness("bus")
    ReportedStates(readiness, registry)
    AnswerTimes(registry)
    show_parts_and_process(readiness, registry)
    return registry


def _shown() -> dict[str, list[dict[str, str]]]:
    """Return the labels of each series that idle services show, by the name that is scraped."""
    shown: dict[str, list[dict[str, str]]] = {}
    for family in _registry().collect():
        own = {"histogram": "_bucket", "counter": "_total"}.get(family.type, "")
        shown.setdefault(f"{family.name}{own}", [])
        for sample in family.samples:
            shown.setdefault(sample.name, []).append(sample.labels)
    return shown


def _declared() -> dict[str, set[str]]:
    """Return the labels that each metric was declared with, by its name without what a sample adds."""
    declared: dict[str, set[str]] = {"earshot_part_ready": {"part"}}
    for collector in _registry()._collector_to_names:
        for family in collector.collect():
            names = getattr(collector, "_labelnames", ())
            declared.setdefault(family.name, set()).update(names)
    return declared


def test_what_is_asked_for_is_shown(root: Path) -> None:
    """Alerts also before the first event, since Prometheus sees no growth from nothing to one."""
    shown = _shown()
    alerts = {rule["alert"] for rule in _rules(_document(root, RULES)["groups"])}
    for who, asked in _questions(root):
        series = _SERIES.findall(asked)
        assert series, who
        for name, selector in series:
            assert name in shown, f"{who} asks for {name}"
            wanted = {label: value for label, _, value in _LABEL.findall(selector) if label != "namespace"}
            if who in alerts and not name.endswith("_bucket"):
                assert any(wanted.items() <= labels.items() for labels in shown[name]), f"{who}: {name}"


def test_what_is_grouped_by_is_a_label(root: Path) -> None:
    """By a label that is not there, all would be one line without a name."""
    declared = _declared()
    for who, asked in _questions(root):
        known = set(_OF_SCRAPING)
        for name, _ in _SERIES.findall(asked):
            known |= declared.get(re.sub(r"_(bucket|count|sum|total)$", "", name), set())
        for grouped in _GROUPED.findall(asked):
            assert set(re.split(r",\s*", grouped)) <= known, f"{who}: {grouped}"


def test_the_operators_rules_are_the_same(root: Path) -> None:
    """Whoever mends one file mends both: they differ in the namespace alone."""
    plain, operators = _document(root, RULES)["groups"], _document(root, OPERATOR)["spec"]["groups"]
    for rule in _rules(operators):
        series = _SERIES.findall(rule["expr"])
        assert all('namespace="earshot"' in selector for _, selector in series), rule["alert"]
        bare = re.sub(r'namespace="earshot",?', "", rule["expr"]).replace("{}", "")
        rule["expr"] = bare
    assert operators == plain


def test_each_alert_leads_to_a_paper(root: Path) -> None:
    """Who is woken reads there what it means and what to do."""
    for rule in _rules(_document(root, RULES)["groups"]):
        (paper,) = re.findall(r"[\w/-]+/README\.md", rule["annotations"]["summary"])
        assert (root / paper).is_file(), rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_the_dashboard_asks_for_the_chosen_namespace(root: Path) -> None:
    """Panels lie beside each other, and none shows another installation's numbers."""
    taken: set[tuple[int, int]] = set()
    for panel in _panels(root):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        for target in panel["targets"]:
            assert all(
                'namespace=~"$namespace"' in selector for _, selector in _SERIES.findall(target["expr"])
            ), panel["title"]


def test_names_keep_to_prometheus_customs() -> None:
    """Base units at the end, seconds and bytes; and no name that says a unit of another kind."""
    for family in _registry().collect():
        if not family.name.startswith("earshot_"):
            continue
        assert not _OTHER_UNITS.search(family.name), family.name
        if family.type == "histogram":
            assert family.name.endswith(_BASE_UNITS), family.name
        assert family.documentation.endswith("."), family.name


def test_no_label_is_without_bound() -> None:
    """Ids and names of tenants and customers would make as many series as there are of them."""
    bounded = {
        "answer", "channel", "collection", "lane", "method", "outcome", "part", "read", "reason", "resource",
        "state", "verdict", "why", "work",
    }  # fmt: skip
    for name, labels in _declared().items():
        if name.startswith("earshot_"):
            assert labels <= bounded, name
