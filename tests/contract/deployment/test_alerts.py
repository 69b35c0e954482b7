"""An alert that asks for a number which nobody shows is silent for ever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from prometheus_client import CollectorRegistry

from services.connector.metrics import Metrics as ConnectorMetrics
from services.notifier.metrics import Metrics as NotifierMetrics
from services.syncer.metrics import SyncerMetrics
from shared.messaging.state import ReportedStates
from shared.observability.readiness import Readiness

if TYPE_CHECKING:
    from pathlib import Path


def _rules(root: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load((root / "deploy/k8s/examples/alerts.yaml").read_text("utf-8"))
    return [rule for group in document["spec"]["groups"] for rule in group["rules"]]


def _shown() -> dict[str, list[dict[str, str]]]:
    """Return the labels of each series that idle services show, by the name that is scraped."""
    registry = CollectorRegistry()
    ConnectorMetrics(registry)
    NotifierMetrics(registry)
    SyncerMetrics(registry)
    ReportedStates(Readiness(), registry)
    shown: dict[str, list[dict[str, str]]] = {}
    for family in registry.collect():
        shown.setdefault(f"{family.name}_bucket" if family.type == "histogram" else family.name, [])
        for sample in family.samples:
            shown.setdefault(sample.name, []).append(sample.labels)
    return shown


def test_what_alerts_ask_for_is_shown(root: Path) -> None:
    """Also before the first event, since Prometheus sees no growth from nothing to one."""
    shown = _shown()
    for rule in _rules(root):
        asked = re.findall(r"(earshot_\w+)\{([^}]*)\}", rule["expr"])
        assert asked, rule["alert"]
        for name, selector in asked:
            wanted = dict(re.findall(r'(\w+)="([^"]*)"', selector))
            assert wanted.pop("namespace") == "earshot", rule["alert"]
            assert name in shown, rule["alert"]
            if not name.endswith("_bucket"):
                assert any(wanted.items() <= labels.items() for labels in shown[name]), rule["alert"]


def test_each_alert_leads_to_a_paper(root: Path) -> None:
    """Who is woken reads there what it means and what to do."""
    for rule in _rules(root):
        (paper,) = re.findall(r"[\w/-]+/README\.md", rule["annotations"]["summary"])
        assert (root / paper).is_file(), rule["alert"]
