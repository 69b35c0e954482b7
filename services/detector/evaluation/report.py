"""The figures of an evaluation as lines of text, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COLUMNS = ("precision", "recall", "f1", "support")


def _table(labels: Mapping[str, Mapping[str, float | int]]) -> Iterator[str]:
    width = max((len(label) for label in labels), default=0) + 2
    yield " " * width + "".join(f"{column:>11}" for column in _COLUMNS)
    for label, figures in labels.items():
        shares = "".join(f"{figures[column]:>11.3f}" for column in _COLUMNS[:3])
        yield f"{label:<{width}}{shares}{figures['support']:>11}"


def _events(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"{report['conversations']} conversations, {report['conversations_without_events']} without events"
    yield (
        f"precision {report['precision']:.3f}  recall {report['recall']:.3f}  f1 {report['f1']:.3f}  "
        f"false alarms {report['false_alarms_per_100']:.1f} per 100 conversations without events"
    )
    yield from _table({**report["kinds"], **report["churn_risk_apart"]})


def _labels(report: Mapping[str, Any]) -> Iterator[str]:
    selective = report["selective"]
    yield f"{report['rows']} rows"
    yield ""
    yield f"everything answered: macro-F1 {report['macro_f1']:.3f}, accuracy {report['accuracy']:.3f}"
    yield from _table(report["labels"])
    yield ""
    yield (
        f"silent when unsure: {selective['coverage']:.1%} answered, macro-F1 {selective['macro_f1']:.3f}, "
        f"accuracy {selective['accuracy']:.3f}"
    )
    yield from _table(selective["labels"])
    yield ""
    yield f"expected calibration error {report['ece']:.3f}; how sure it was and how often right:"
    for one in report["calibration"]:
        yield (
            f"  {one['from']:.1f} to {one['to']:.1f}: {one['rows']:>6} rows, "
            f"{one['confidence']:>5.0%} sure, {one['right']:>5.0%} right"
        )
    yield "confusion (row: labelled, then what was predicted and how often)"
    for gold, shown in report["confusion"].items():
        yield f"  {gold}: " + ", ".join(f"{label} {count}" for label, count in shown.items())


def as_text(report: Mapping[str, Any]) -> str:
    """The object of `--json` as a readable page."""
    lines = [f"task {report['task']}"]
    lines.extend(_events(report) if report["task"] == "events" else _labels(report))
    lines.append(f"{report['messages_per_second']:.0f} messages a second")
    return "\n".join(lines)
